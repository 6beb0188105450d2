//! The fenced blocks, pictures and includes of a chapter, a module for each kind.

pub(crate) mod capture;
pub(crate) mod diagram;
pub(crate) mod exercise;
pub(crate) mod exercises;
pub(crate) mod figure;
pub(crate) mod glossary;
pub(crate) mod include;
pub(crate) mod lab;
pub(crate) mod lesson;
pub(crate) mod plot;
pub(crate) mod quiz;
pub(crate) mod schedule;
mod sequence;
