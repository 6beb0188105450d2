//! The namespaces of a server, by name: those that the application has made, and those
//! that clients make because a predicate lets them.

use std::collections::HashMap;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, Weak};
use std::time::Duration;

use futures_util::FutureExt;
use serde_json::Value;
use tokio::task::yield_now;
use tokio::time::sleep;

use crate::config::Config;
use crate::entrance::OnConnect;
use crate::namespace::Namespace;
use crate::parent::{Children, Parent};
use crate::socket::Socket;
use crate::tasks::{complain, guarded, guarded_async};
use crate::wire::args;

pub(crate) type OnNew = Arc<dyn Fn(Namespace) + Send + Sync>;
type Answer = Pin<Box<dyn Future<Output = bool> + Send>>;
pub(crate) type Predicate = Arc<dyn Fn(&str, Value) -> Matches + Send + Sync>;
pub(crate) type Search = Pin<Box<dyn Future<Output = Option<Namespace>> + Send>>;

/// A predicate's answer.
pub(crate) enum Matches {
    Now(bool),
    Later(Answer),
}

/// The answer to a client that asks for a namespace.
pub(crate) enum Found {
    Now(Option<Namespace>),
    /// A predicate has to be waited for.
    Later(Search),
}

pub(crate) struct Namespaces {
    config: Config,
    state: Mutex<State>,
    on_new: RwLock<Vec<OnNew>>,
}

#[derive(Default)]
struct State {
    /// They stay.
    fixed: HashMap<Box<str>, Namespace>,
    /// Made for a client, with how many sockets are in them or about to be.
    made: HashMap<Box<str>, (Namespace, usize)>,
    rules: Vec<Rule>,
}

#[derive(Clone)]
struct Rule {
    predicate: Predicate,
    parent: Arc<Parent>,
}

impl State {
    fn get(&self, name: &str) -> Option<&Namespace> {
        let made = || self.made.get(name).map(|(namespace, _)| namespace);
        self.fixed.get(name).or_else(made)
    }

    /// A client enters. If the namespace was made for a client, it leaves again.
    fn enter(&mut self, name: &str) -> Option<Namespace> {
        let Some((namespace, users)) = self.made.get_mut(name) else {
            return self.fixed.get(name).cloned();
        };
        *users += 1;
        Some(namespace.clone())
    }

    /// The namespace of this name stays from now on, if there is one.
    fn fix(&mut self, name: &str) -> Option<Namespace> {
        if let Some((namespace, _)) = self.made.remove(name) {
            self.fixed.insert(name.into(), namespace);
        }
        self.fixed.get(name).cloned()
    }
}

impl Children for Namespaces {
    fn all(&self) -> Vec<Namespace> {
        self.all()
    }

    fn child(&self, name: &str, parent: &Arc<Parent>) -> Namespace {
        self.fix(name, Some(parent), None)
    }
}

impl Namespaces {
    /// The namespace `/` and nothing else.
    pub(crate) fn new(config: &Config) -> (Self, Namespace) {
        let main = Namespace::new("/", None, config);
        // It is not new to anyone.
        main.announce(|_| {});
        let state = State {
            fixed: HashMap::from([("/".into(), main.clone())]),
            ..State::default()
        };
        let namespaces = Self {
            config: config.clone(),
            state: Mutex::new(state),
            on_new: RwLock::default(),
        };
        (namespaces, main)
    }

    pub(crate) fn get(&self, name: &str) -> Option<Namespace> {
        self.lock().get(name).cloned()
    }

    pub(crate) fn all(&self) -> Vec<Namespace> {
        let state = self.lock();
        let made = state.made.values().map(|(namespace, _)| namespace);
        state.fixed.values().chain(made).cloned().collect()
    }

    /// Returns the namespace of this name, which stays from now on. `on_connect` is
    /// registered before a client can join.
    pub(crate) fn fix(
        &self,
        name: &str,
        parent: Option<&Arc<Parent>>,
        on_connect: Option<OnConnect<Socket>>,
    ) -> Namespace {
        loop {
            let fixed = self.lock().fix(name);
            if let Some(namespace) = fixed {
                if let Some(on_connect) = on_connect {
                    namespace.entrance().add_handler(on_connect);
                }
                return namespace;
            }
            // Made without the lock: an adapter is a user's.
            let new = Namespace::new(name, parent, &self.config);
            if let Some(on_connect) = &on_connect {
                new.entrance().add_handler(on_connect.clone());
            }
            let mut state = self.lock();
            if state.get(name).is_none() {
                state.fixed.insert(name.into(), new.clone());
                drop(state);
                self.announce(&new);
                return new;
            }
            // Another thread was faster.
        }
    }

    pub(crate) fn add_rule(&self, predicate: Predicate, parent: Arc<Parent>) {
        self.lock().rules.push(Rule { predicate, parent });
    }

    pub(crate) fn add_hook(&self, on_new: OnNew) {
        let mut hooks = self.on_new.write().unwrap_or_else(PoisonError::into_inner);
        hooks.push(on_new);
    }

    /// The namespace of this name, for a client that asks for it. If it was made for a
    /// client, [`release`](Self::release) follows when the client is out again.
    pub(crate) fn find(self: &Arc<Self>, name: &str, auth: &str) -> Found {
        if let Some(namespace) = self.enter(name) {
            return Found::Now(Some(namespace));
        }
        if name.len() > self.config.limits.max_namespace_name {
            return Found::Now(None);
        }
        let rules = self.lock().rules.clone();
        if rules.is_empty() {
            return Found::Now(None);
        }
        // Not as a tree, which can be a hundred times as large.
        let auth: Box<str> = auth.into();
        let (this, name) = (self.clone(), name.to_owned());
        let mut search: Search = Box::pin(async move {
            for rule in rules {
                let auth = args::auth(&auth)?;
                if matches(&rule.predicate, &name, auth).await {
                    return this.make(&name, &rule.parent);
                }
            }
            None
        });
        // Most predicates have nothing to wait for.
        match (&mut search).now_or_never() {
            Some(namespace) => Found::Now(namespace),
            None => Found::Later(search),
        }
    }

    pub(crate) fn release(&self, name: &str) {
        let mut state = self.lock();
        let unused = state.made.get_mut(name).is_some_and(|(_, users)| {
            *users -= 1;
            *users == 0 && self.config.cleanup_empty_child_namespaces
        });
        let gone = unused.then(|| state.made.remove(name));
        drop(state);
        drop(gone);
    }

    /// Drops, again and again, what the namespaces have kept long enough for clients that
    /// are away. Ends when the namespaces are gone.
    pub(crate) async fn tidy(namespaces: Weak<Self>, every: Duration) {
        loop {
            sleep(every).await;
            let Some(all) = namespaces.upgrade().map(|it| it.all()) else {
                return;
            };
            for namespace in all {
                while namespace.local_half().tidy() {
                    yield_now().await;
                }
            }
        }
    }

    /// A client enters a namespace that is there.
    fn enter(&self, name: &str) -> Option<Namespace> {
        let namespace = self.lock().enter(name)?;
        self.announce(&namespace);
        Some(namespace)
    }

    /// A client enters a namespace that a predicate has accepted.
    fn make(&self, name: &str, parent: &Arc<Parent>) -> Option<Namespace> {
        // Made, and perhaps dropped, without the lock: an adapter is a user's.
        let new = guarded(|| Namespace::new(name, Some(parent), &self.config));
        let Some(new) = new else {
            complain("the adapter of a new namespace panicked");
            return None;
        };
        let namespace = {
            let mut state = self.lock();
            match state.enter(name) {
                Some(namespace) => namespace,
                None if state.made.len() >= self.config.max_dynamic_namespaces => {
                    return None;
                }
                None => {
                    state.made.insert(name.into(), (new.clone(), 1));
                    new
                }
            }
        };
        self.announce(&namespace);
        Some(namespace)
    }

    /// Calls the hooks for a new namespace, once. A client that asks for it in the
    /// meantime waits.
    fn announce(&self, namespace: &Namespace) {
        namespace.announce(|namespace| {
            for hook in self.hooks() {
                if guarded(|| hook(namespace.clone())).is_none() {
                    complain("a handler of new namespaces panicked");
                }
            }
        });
    }

    fn hooks(&self) -> Vec<OnNew> {
        let hooks = self.on_new.read().unwrap_or_else(PoisonError::into_inner);
        hooks.clone()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The predicate is the application's: it runs without the lock, and one that panics has
/// not accepted.
async fn matches(predicate: &Predicate, name: &str, auth: Value) -> bool {
    let answer = match guarded(|| predicate(name, auth)) {
        Some(Matches::Now(answer)) => Some(answer),
        Some(Matches::Later(answer)) => guarded_async(pin!(Some(answer))).await,
        None => None,
    };
    answer.unwrap_or_else(|| {
        complain("a namespace's predicate panicked");
        false
    })
}
