//! The tests of `course` in one program, because linking is most of what a program costs.

mod commands;
mod features_table;
mod import_circles;
mod tours;
