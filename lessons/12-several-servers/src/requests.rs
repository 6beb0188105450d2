//! The open questions to the other servers: a value that is told what happens and when,
//! and does no input and output.
//!
//! A question is over when every server has answered, when the servers that have not are
//! gone, or when its time is up. It ends exactly once, with whatever was answered until
//! then, and says who is missing. That is the whole difference between a cluster and a
//! function call.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::time::Duration;

use socket_io::SocketInfo;

use crate::wire::{Answer, NodeId, RequestId, Values};

/// The kind of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// For sockets.
    Sockets,
    /// For rooms.
    Rooms,
    /// The servers' own handlers.
    Values,
    /// The clients.
    Clients,
}

/// The effect of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// A server says how many of its clients it has asked.
    Clients(usize),
    /// One of them has answered.
    Client(Values),
    /// The question is over.
    Done(Outcome),
}

/// How a question ended.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The sockets of the servers that answered.
    pub sockets: Vec<SocketInfo>,
    /// Their rooms.
    pub rooms: BTreeSet<String>,
    /// The answers of their handlers, one value each.
    pub values: Vec<Values>,
    /// The servers and clients that did not answer, if that is why the question ended.
    pub missing: Option<Missing>,
}

/// The servers and clients that did not answer in time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How many servers were asked.
    pub asked: usize,
    /// How many of them did not answer.
    pub servers: usize,
    /// Those of which we know the name. Not every format says who answers.
    pub names: Vec<NodeId>,
    /// How many clients of the servers that answered did not.
    pub clients: usize,
}

impl fmt::Display for Missing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            asked,
            servers,
            clients,
            ..
        } = self;
        match (servers, clients) {
            (0, _) => write!(f, "no answer from {clients} clients")?,
            (_, 0) => write!(f, "no answer from {servers} of {asked} servers")?,
            _ => write!(
                f,
                "no answer from {servers} of {asked} servers, and {clients} clients"
            )?,
        }
        if !self.names.is_empty() {
            write!(f, " ({})", self.names.join(", "))?;
        }
        Ok(())
    }
}

/// The open questions of one server in one namespace.
///
/// ```
/// use std::time::Duration;
///
/// use cluster::requests::{Kind, Progress, Requests};
/// use cluster::wire::Answer;
///
/// let at = Duration::from_secs;
/// let mut requests = Requests::default();
/// requests.ask("q1".into(), Kind::Rooms, 2, at(5));
/// assert_eq!(requests.answer(None, "q1", Answer::Rooms(vec!["tea".into()])), None);
/// assert_eq!(requests.deadline(), Some(at(5)));
///
/// // The second server never answers.
/// let ended = requests.on_time(at(5));
/// let (_, outcome) = &ended[0];
/// assert!(outcome.rooms.contains("tea"));
/// assert_eq!(outcome.missing.as_ref().unwrap().to_string(), "no answer from 1 of 2 servers");
/// ```
#[derive(Debug, Default)]
pub struct Requests {
    open: BTreeMap<RequestId, Open>,
    due: BTreeSet<(Duration, RequestId)>,
    /// The servers that we have heard of, by name.
    known: BTreeSet<NodeId>,
}

#[derive(Debug)]
struct Open {
    kind: Kind,
    deadline: Duration,
    asked: usize,
    /// How many servers have not answered.
    waiting: usize,
    /// The servers that we knew by name when the question was asked.
    known: BTreeSet<NodeId>,
    /// The servers that have answered, as far as the answers say so.
    answered: BTreeSet<NodeId>,
    /// How many clients of each server have not answered: fewer than none when an answer
    /// overtook its server's count. Servers without names share an entry.
    clients: BTreeMap<Option<NodeId>, i64>,
    outcome: Outcome,
}

impl Open {
    fn is_over(&self) -> bool {
        self.waiting == 0 && self.clients.values().all(|open| *open <= 0)
    }
}

impl Requests {
    /// Adds a question to `servers` other servers, which is over at `deadline`. With no
    /// server to ask, it is over at once, and that is what is returned.
    pub fn ask(
        &mut self,
        id: RequestId,
        kind: Kind,
        servers: usize,
        deadline: Duration,
    ) -> Option<Outcome> {
        if servers == 0 {
            return Some(Outcome::default());
        }
        self.due.insert((deadline, id.clone()));
        let open = Open {
            kind,
            deadline,
            asked: servers,
            waiting: servers,
            known: self.known.clone(),
            answered: BTreeSet::new(),
            clients: BTreeMap::new(),
            outcome: Outcome::default(),
        };
        self.open.insert(id, open);
        None
    }

    /// A server answers. `from` is its name, if the format says it. An answer to no open
    /// question, of another kind than the question, or a second one of the same server is
    /// ignored.
    pub fn answer(
        &mut self,
        from: Option<&NodeId>,
        id: &str,
        answer: Answer,
    ) -> Option<Progress> {
        let open = self.open.get_mut(id)?;
        let fits = matches!(
            (open.kind, &answer),
            (Kind::Sockets, Answer::Sockets(_))
                | (Kind::Rooms, Answer::Rooms(_))
                | (Kind::Values, Answer::Value(_))
                | (Kind::Clients, Answer::Clients(_) | Answer::Client(_))
        );
        if !fits {
            return None;
        }
        if let Answer::Client(value) = answer {
            *open.clients.entry(from.cloned()).or_default() -= 1;
            return Some(Progress::Client(value));
        }
        let again = from.is_some_and(|from| !open.answered.insert(from.clone()));
        if open.waiting == 0 || again {
            return None;
        }
        open.waiting -= 1;
        let mut progress = None;
        match answer {
            Answer::Sockets(sockets) => open.outcome.sockets.extend(sockets),
            Answer::Rooms(rooms) => open.outcome.rooms.extend(rooms),
            Answer::Value(value) => open.outcome.values.push(value),
            Answer::Clients(count) => {
                let more = i64::try_from(count).unwrap_or(i64::MAX);
                let clients = open.clients.entry(from.cloned()).or_default();
                *clients = clients.saturating_add(more);
                progress = Some(Progress::Clients(count));
            }
            Answer::SocketIds(_) | Answer::Client(_) => {}
        }
        progress.or_else(|| self.over(id).map(Progress::Done))
    }

    /// Ends the question if every answer has come. Ask after each
    /// [`Progress::Clients`] and [`Progress::Client`].
    pub fn over(&mut self, id: &str) -> Option<Outcome> {
        if !self.open.get(id)?.is_over() {
            return None;
        }
        self.remove(id)
    }

    /// A server has been heard, so its name is known when it does not answer.
    pub fn heard(&mut self, node: &NodeId) {
        // A bound, because a name is whatever a message says.
        if self.known.len() < MAX_KNOWN && !self.known.contains(node) {
            self.known.insert(node.clone());
        }
    }

    /// A server has left the cluster. Whatever waits for its answer waits no longer; a
    /// question for which it was the last is over, and is returned.
    pub fn gone(&mut self, node: &NodeId) -> Vec<(RequestId, Outcome)> {
        if !self.known.remove(node) {
            return Vec::new();
        }
        let mut over = Vec::new();
        for (id, open) in &mut self.open {
            // It may have joined after the question was asked.
            if !open.known.contains(node) {
                continue;
            }
            open.clients.remove(&Some(node.clone()));
            if open.waiting > 0 && open.answered.insert(node.clone()) {
                open.waiting -= 1;
            }
            if open.is_over() {
                over.push(id.clone());
            }
        }
        self.end(over, |_| None)
    }

    /// Forgets a question whose caller no longer waits.
    pub fn cancel(&mut self, id: &str) {
        self.remove(id);
    }

    /// Returns when [`Requests::on_time`] has to be called next.
    pub fn deadline(&self) -> Option<Duration> {
        self.due.first().map(|(deadline, _)| *deadline)
    }

    /// Ends the questions whose time is up, in the order in which it was.
    pub fn on_time(&mut self, now: Duration) -> Vec<(RequestId, Outcome)> {
        let over = self.due.iter().take_while(|(deadline, _)| *deadline <= now);
        let over = over.map(|(_, id)| id.clone()).collect();
        self.end(over, |open| {
            let unheard = open.known.difference(&open.answered).cloned();
            let clients: i64 = open
                .clients
                .values()
                .filter(|it| **it > 0)
                .fold(0, |sum, it| i64::saturating_add(sum, *it));
            Some(Missing {
                asked: open.asked,
                servers: open.waiting,
                // Where answers come without names, the rest cannot be named either.
                names: if open.answered.len() + open.waiting == open.asked {
                    unheard.collect()
                } else {
                    Vec::new()
                },
                clients: usize::try_from(clients).unwrap_or_default(),
            })
        })
    }

    /// Returns the number of open questions.
    pub fn len(&self) -> usize {
        self.open.len()
    }

    /// Returns whether no question is open.
    pub fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    fn end(
        &mut self,
        ids: Vec<RequestId>,
        missing: impl Fn(&Open) -> Option<Missing>,
    ) -> Vec<(RequestId, Outcome)> {
        let mut ended = Vec::new();
        for id in ids {
            let missing = self.open.get(&id).and_then(&missing);
            if let Some(outcome) = self.remove(&id) {
                ended.push((id, Outcome { missing, ..outcome }));
            }
        }
        ended
    }

    fn remove(&mut self, id: &str) -> Option<Outcome> {
        let (id, open) = self.open.remove_entry(id)?;
        self.due.remove(&(open.deadline, id));
        Some(open.outcome)
    }
}

/// Names of servers that are remembered.
const MAX_KNOWN: usize = 1_000;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn value(text: &str) -> Answer {
        Answer::Value(Values::json(text))
    }

    #[test]
    fn a_question_ends_with_the_last_servers_answer() {
        let mut requests = Requests::default();
        assert_eq!(requests.ask("q".into(), Kind::Values, 2, at(5)), None);
        assert_eq!(requests.answer(None, "q", value("1")), None);
        let done = requests.answer(None, "q", value("2"));
        let values = vec![Values::json("1"), Values::json("2")];
        let outcome = Outcome {
            values,
            ..Outcome::default()
        };
        assert_eq!(done, Some(Progress::Done(outcome)));
        assert_eq!(requests.answer(None, "q", value("3")), None);
        assert_eq!((requests.len(), requests.deadline()), (0, None));
    }

    #[test]
    fn a_question_to_nobody_is_over_at_once() {
        let mut requests = Requests::default();
        let outcome = requests.ask("q".into(), Kind::Sockets, 0, at(5));
        assert_eq!(outcome, Some(Outcome::default()));
        assert!(requests.is_empty());
    }

    #[test]
    fn an_answer_of_another_kind_is_ignored() {
        let mut requests = Requests::default();
        requests.ask("q".into(), Kind::Values, 1, at(5));
        assert_eq!(requests.answer(None, "q", Answer::Rooms(vec![])), None);
        assert_eq!(requests.answer(None, "q", Answer::Clients(0)), None);
        assert_eq!(requests.len(), 1);
    }

    #[test]
    fn whoever_did_not_answer_is_named_where_the_format_has_names() {
        let mut requests = Requests::default();
        let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
        requests.heard(&ann);
        requests.heard(&bob);
        requests.ask("named".into(), Kind::Values, 2, at(5));
        requests.ask("nameless".into(), Kind::Values, 2, at(6));
        requests.answer(Some(&ann), "named", value("1"));
        // The same server again is not the other one.
        assert_eq!(requests.answer(Some(&ann), "named", value("1")), None);
        requests.answer(None, "nameless", value("1"));
        assert_eq!(requests.on_time(at(4)), []);
        let missing: Vec<_> = requests
            .on_time(at(6))
            .into_iter()
            .filter_map(|(_, outcome)| outcome.missing)
            .map(|missing| missing.to_string())
            .collect();
        let expected = [
            "no answer from 1 of 2 servers (bob)",
            "no answer from 1 of 2 servers",
        ];
        assert_eq!(missing, expected);
    }

    #[test]
    fn a_server_that_leaves_is_not_waited_for() {
        let mut requests = Requests::default();
        let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
        requests.heard(&ann);
        requests.heard(&bob);
        requests.ask("q".into(), Kind::Values, 2, at(5));
        requests.answer(Some(&ann), "q", value("1"));
        assert_eq!(requests.gone(&ann), [], "it has answered already");
        let ended = requests.gone(&bob);
        assert_eq!(ended.len(), 1);
        assert_eq!(ended[0].1.missing, None);
        assert_eq!(ended[0].1.values, [Values::json("1")]);
    }

    #[test]
    fn the_clients_of_a_server_that_leaves_are_not_waited_for() {
        let mut requests = Requests::default();
        let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
        requests.heard(&ann);
        requests.heard(&bob);
        requests.ask("q".into(), Kind::Clients, 2, at(5));
        requests.answer(Some(&ann), "q", Answer::Clients(2));
        requests.answer(Some(&bob), "q", Answer::Clients(1));
        let answer = Answer::Client(Values::json("1"));
        requests.answer(Some(&bob), "q", answer);
        assert_eq!(requests.over("q"), None, "two clients have not answered");
        assert_eq!(requests.gone(&ann).len(), 1);
    }

    #[test]
    fn a_server_that_came_after_the_question_does_not_end_it() {
        let mut requests = Requests::default();
        let (ann, bob) = ("ann".to_owned(), "bob".to_owned());
        requests.heard(&ann);
        requests.ask("q".into(), Kind::Values, 1, at(5));
        requests.heard(&bob);
        assert_eq!(requests.gone(&bob), []);
        assert_eq!(requests.len(), 1);
    }

    #[test]
    fn clients_are_counted_by_server_and_answer_one_by_one() {
        let mut requests = Requests::default();
        requests.ask("q".into(), Kind::Clients, 2, at(5));
        let client = || Answer::Client(Values::json("1"));
        // An answer can overtake the count, because a server sends them independently.
        let progress = requests.answer(None, "q", client());
        assert!(matches!(progress, Some(Progress::Client(_))));
        let progress = requests.answer(None, "q", Answer::Clients(2));
        assert_eq!(progress, Some(Progress::Clients(2)));
        requests.answer(None, "q", Answer::Clients(0));
        assert_eq!(requests.over("q"), None, "one client has not answered");
        requests.answer(None, "q", client());
        assert_eq!(requests.over("q"), Some(Outcome::default()));
    }

    #[test]
    fn clients_that_do_not_answer_are_counted() {
        let mut requests = Requests::default();
        requests.ask("q".into(), Kind::Clients, 2, at(5));
        requests.answer(None, "q", Answer::Clients(3));
        requests.answer(None, "q", Answer::Client(Values::json("1")));
        let ended = requests.on_time(at(5));
        let missing = ended[0].1.missing.clone().unwrap();
        assert_eq!(
            missing.to_string(),
            "no answer from 1 of 2 servers, and 2 clients"
        );
    }

    #[test]
    fn a_count_that_is_a_lie_does_not_overflow() {
        let mut requests = Requests::default();
        requests.ask("q".into(), Kind::Clients, 3, at(5));
        for _ in 0..3 {
            requests.answer(None, "q", Answer::Clients(usize::MAX));
        }
        assert_eq!(requests.over("q"), None);
    }

    #[derive(Clone, Debug)]
    enum Step {
        Ask { servers: usize, seconds: u64 },
        Answer { question: usize, from: usize },
        Gone(usize),
        Wait(u64),
        Cancel(usize),
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            (0..4_usize, 1..10_u64)
                .prop_map(|(servers, seconds)| Step::Ask { servers, seconds }),
            (0..20_usize, 0..4_usize)
                .prop_map(|(question, from)| Step::Answer { question, from }),
            (0..4_usize).prop_map(Step::Gone),
            (0..5_u64).prop_map(Step::Wait),
            (0..20_usize).prop_map(Step::Cancel),
        ]
    }

    proptest! {
        /// Whatever happens, each question ends once, not later than its time, and only a
        /// question that timed out has servers missing.
        #[test]
        fn each_question_ends_exactly_once(steps in prop::collection::vec(step(), 0..60)) {
            let mut requests = Requests::default();
            let mut now = at(0);
            let mut deadlines = BTreeMap::new();
            let mut ended = BTreeSet::new();
            let mut asked = 0;
            let names: Vec<_> = (0..4).map(|node| format!("node {node}")).collect();
            for name in &names {
                requests.heard(name);
            }
            for step in steps {
                let mut over = Vec::new();
                match step {
                    Step::Ask { servers, seconds } => {
                        let id = format!("q{asked}");
                        asked += 1;
                        deadlines.insert(id.clone(), now + at(seconds));
                        let outcome =
                            requests.ask(id.clone(), Kind::Values, servers, now + at(seconds));
                        over.extend(outcome.map(|outcome| (id, outcome)));
                    }
                    Step::Answer { question, from } => {
                        let id = format!("q{question}");
                        let answer = requests.answer(Some(&names[from]), &id, value("1"));
                        if let Some(Progress::Done(outcome)) = answer {
                            over.push((id, outcome));
                        }
                    }
                    Step::Gone(node) => {
                        over = requests.gone(&names[node]);
                        requests.heard(&names[node]);
                    }
                    Step::Wait(seconds) => {
                        now += at(seconds);
                        let late = requests.on_time(now);
                        for (_, outcome) in &late {
                            let missing = outcome.missing.as_ref().unwrap();
                            prop_assert!(missing.servers > 0);
                            prop_assert_eq!(
                                missing.servers + outcome.values.len() <= missing.asked,
                                true
                            );
                        }
                        over = late;
                    }
                    Step::Cancel(question) => {
                        let id = format!("q{question}");
                        if requests.open.contains_key(&id) {
                            ended.insert(id.clone());
                        }
                        requests.cancel(&id);
                    }
                }
                for (id, _) in over {
                    prop_assert!(ended.insert(id), "it ended before");
                }
                prop_assert_eq!(requests.len() + ended.len(), asked);
                let next = deadlines.iter().filter(|(id, _)| !ended.contains(*id));
                prop_assert_eq!(requests.deadline(), next.map(|(_, at)| *at).min());
            }
        }
    }
}
