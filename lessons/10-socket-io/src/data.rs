//! The application's data of a socket: one value of each type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde::Serialize;
use serde_json::Value;

use crate::tasks::guarded;

/// One value of each type, kept with a socket. It survives a [recovery](crate::Recovery).
///
/// No `Clone` or `Drop` of yours runs while the other values are locked, so it can use
/// them. A panic in one that is dropped with the socket goes no further.
///
/// ```
/// let data = socket_io::Data::default();
/// data.insert(String::from("Ada"));
/// assert_eq!(data.get::<String>().as_deref(), Some("Ada"));
/// assert_eq!(data.get::<u32>(), None);
/// ```
#[derive(Default)]
pub struct Data(Mutex<Values>);

/// Each value has its own lock: a `Slot<T>` of its type.
type Values = HashMap<TypeId, Arc<dyn Any + Send + Sync>>;
type Slot<T> = Mutex<Option<T>>;

impl Data {
    /// Stores `value`, replacing the value of the same type.
    pub fn insert<T: Send + 'static>(&self, value: T) {
        let slot: Arc<Slot<T>> = Arc::new(Mutex::new(Some(value)));
        let before = self.lock().insert(TypeId::of::<T>(), slot);
        drop(before);
    }

    /// Returns a clone of the value of this type.
    pub fn get<T: Clone + Send + 'static>(&self) -> Option<T> {
        let slot = self.lock().get(&TypeId::of::<T>())?.clone();
        let slot = slot.downcast_ref::<Slot<T>>()?;
        let value = slot.lock().unwrap_or_else(PoisonError::into_inner);
        value.clone()
    }

    /// Takes the value of this type out.
    pub fn remove<T: Send + 'static>(&self) -> Option<T> {
        let slot = self.lock().remove(&TypeId::of::<T>())?;
        let slot = slot.downcast_ref::<Slot<T>>()?;
        slot.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Sets the one JSON value that is shared with the other servers of a cluster: they
    /// see it as [`RemoteSocket::data`](crate::RemoteSocket::data), and a server that
    /// restores the socket gets it. Values of other types stay here.
    ///
    /// # Errors
    /// A value that JSON cannot express.
    ///
    /// ```
    /// # fn example(socket: socket_io::Socket) -> Result<(), serde_json::Error> {
    /// socket.data().share(serde_json::json!({ "nickname": "Ann" }))?;
    /// assert_eq!(socket.data().shared()["nickname"], "Ann");
    /// # Ok(())
    /// # }
    /// ```
    pub fn share(&self, value: impl Serialize) -> Result<(), serde_json::Error> {
        self.insert(Shared(serde_json::to_value(value)?));
        Ok(())
    }

    /// Returns the value that is shared with the other servers, `null` by default.
    pub fn shared(&self) -> Value {
        self.get::<Shared>().map(|it| it.0).unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Values> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[derive(Clone)]
struct Shared(Value);

impl Drop for Data {
    fn drop(&mut self) {
        let values = std::mem::take(&mut *self.lock());
        for value in values.into_values() {
            guarded(|| drop(value));
        }
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data")
            .field("values", &self.lock().len())
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Looks at the data that it is kept in whenever it is cloned or dropped.
    struct Curious(Arc<Data>, Arc<Mutex<usize>>);

    impl Curious {
        fn look(&self) {
            let found = self.0.get::<u8>().is_some();
            *self.1.lock().unwrap() += usize::from(found);
        }
    }

    impl Clone for Curious {
        fn clone(&self) -> Self {
            self.look();
            Self(self.0.clone(), self.1.clone())
        }
    }

    impl Drop for Curious {
        fn drop(&mut self) {
            self.look();
        }
    }

    #[test]
    fn a_value_can_use_the_others_while_it_is_cloned_or_dropped() {
        let (data, looks) = (Arc::new(Data::default()), Arc::new(Mutex::new(0)));
        data.insert(7_u8);
        let value = || Curious(data.clone(), looks.clone());
        data.insert(value());
        drop(data.get::<Curious>());
        assert_eq!(*looks.lock().unwrap(), 2, "cloned, and the clone dropped");
        data.insert(value());
        assert_eq!(*looks.lock().unwrap(), 3, "replaced");
        drop(data.remove::<Curious>());
        assert_eq!(*looks.lock().unwrap(), 4, "taken out");
    }

    #[test]
    fn a_panic_when_the_data_is_dropped_goes_no_further() {
        struct Bomb;
        impl Drop for Bomb {
            fn drop(&mut self) {
                panic!("on purpose");
            }
        }
        let data = Data::default();
        data.insert(Bomb);
        drop(data);
    }
}
