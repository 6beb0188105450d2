//! The callbacks of an application for clients that want to join a namespace: middleware,
//! which can refuse them, and connect handlers. A parent of namespaces has them too.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};

use crate::error::ConnectError;

pub(crate) type OnConnect<S> = Arc<dyn Fn(S) + Send + Sync>;
type Verdict = Pin<Box<dyn Future<Output = Result<(), ConnectError>> + Send>>;
pub(crate) type Middleware<S> = Arc<dyn Fn(S) -> Verdict + Send + Sync>;

/// The callbacks for each socket `S`, in the order in which they were added.
pub(crate) struct Entrance<S> {
    middleware: RwLock<Vec<Middleware<S>>>,
    on_connect: RwLock<Vec<OnConnect<S>>>,
}

impl<S> Default for Entrance<S> {
    fn default() -> Self {
        Self {
            middleware: RwLock::default(),
            on_connect: RwLock::default(),
        }
    }
}

impl<S: Send + 'static> Entrance<S> {
    pub(crate) fn add_middleware<F, Fut>(&self, check: F)
    where
        F: FnOnce(S) -> Fut + Clone + Send + Sync + 'static,
        Fut: Future<Output = Result<(), ConnectError>> + Send + 'static,
    {
        let check: Middleware<S> = Arc::new(move |socket| {
            let check = check.clone();
            Box::pin(async move { check(socket).await })
        });
        push(&self.middleware, check);
    }

    pub(crate) fn add_handler(&self, on_connect: OnConnect<S>) {
        push(&self.on_connect, on_connect);
    }

    pub(crate) fn middlewares(&self) -> Vec<Middleware<S>> {
        copy(&self.middleware)
    }

    pub(crate) fn handlers(&self) -> Vec<OnConnect<S>> {
        copy(&self.on_connect)
    }
}

fn push<T>(list: &RwLock<Vec<T>>, item: T) {
    let mut list = list.write().unwrap_or_else(PoisonError::into_inner);
    list.push(item);
}

/// A copy, because the callbacks run without the lock.
fn copy<T: Clone>(list: &RwLock<Vec<T>>) -> Vec<T> {
    list.read().unwrap_or_else(PoisonError::into_inner).clone()
}
