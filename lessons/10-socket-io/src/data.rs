//! What the application keeps with a socket: one value of each type.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};

/// One value of each type, kept with a socket. It survives a [recovery](crate::Recovery).
///
/// ```
/// let data = socket_io::Data::default();
/// data.insert(String::from("Ada"));
/// assert_eq!(data.get::<String>().as_deref(), Some("Ada"));
/// assert_eq!(data.get::<u32>(), None);
/// ```
#[derive(Default)]
pub struct Data(Mutex<HashMap<TypeId, Box<dyn Any + Send>>>);

impl Data {
    /// Keeps `value` in the place of another of its type.
    pub fn insert<T: Send + 'static>(&self, value: T) {
        self.lock().insert(TypeId::of::<T>(), Box::new(value));
    }

    /// A clone of the value of this type.
    pub fn get<T: Clone + 'static>(&self) -> Option<T> {
        self.lock()
            .get(&TypeId::of::<T>())?
            .downcast_ref::<T>()
            .cloned()
    }

    /// Takes the value of this type out.
    pub fn remove<T: 'static>(&self) -> Option<T> {
        let value = self.lock().remove(&TypeId::of::<T>())?;
        value.downcast::<T>().ok().map(|value| *value)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<TypeId, Box<dyn Any + Send>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Data {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Data")
            .field("values", &self.lock().len())
            .finish()
    }
}
