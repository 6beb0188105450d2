//! The tests of `course`, in one program: to link is most of what another one would cost.

mod commands;
mod features_table;
mod import_circles;
mod tours;
