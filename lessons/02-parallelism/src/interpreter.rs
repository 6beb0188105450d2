//! A small interpreter, so that there is something for a lock to guard.
//!
//! A program is a list of instructions for a machine with one stack of numbers. It runs
//! under a [`Gil`] or without one. With it, the lock is given up between instructions
//! when somebody asks, and around instructions that wait or that compute outside of the
//! interpreter.

use std::thread;
use std::time::Duration;

use crate::gil::Gil;

/// An instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Puts a number on the stack.
    Push(i64),
    /// Adds the two on top.
    Add,
    /// Takes the one on top away.
    Drop,
    /// Takes 1 from the top, and jumps to this instruction unless that gave 0.
    Loop(usize),
    /// Waits, as for a network: without the lock.
    Wait(Duration),
    /// Computes for so many rounds outside of the interpreter, as a C extension does that
    /// lets the lock go ("nogil").
    Native(u64),
}

/// Why a program cannot go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It takes more from the stack than there is.
    StackEmpty,
    /// It jumps to where no instruction is.
    NoSuchInstruction,
}

/// A program that counts down from `rounds`, an addition each round: CPU work.
pub fn busy(rounds: i64) -> Vec<Op> {
    vec![
        Op::Push(rounds),
        Op::Push(1),
        Op::Push(1),
        Op::Add,
        Op::Drop,
        Op::Loop(1),
    ]
}

/// Work for native code, in `pieces` of so many rounds.
pub fn native(pieces: i64, rounds: u64) -> Vec<Op> {
    vec![Op::Push(pieces), Op::Native(rounds), Op::Loop(1)]
}

/// Waiting, in `times` pieces.
pub fn waiting(times: i64, each: Duration) -> Vec<Op> {
    vec![Op::Push(times), Op::Wait(each), Op::Loop(1)]
}

/// Both, `times` over: counts down from `rounds`, and waits.
pub fn mixed(times: i64, rounds: i64, each: Duration) -> Vec<Op> {
    let count_down = [
        Op::Push(rounds),
        Op::Push(1),
        Op::Push(1),
        Op::Add,
        Op::Drop,
        Op::Loop(2),
    ];
    [
        &[Op::Push(times)][..],
        &count_down,
        &[Op::Wait(each), Op::Loop(1)],
    ]
    .concat()
}

/// Runs a program; how many instructions it took.
///
/// # Errors
/// What the program does that the machine cannot.
// ANCHOR: run
pub fn run(program: &[Op], gil: Option<&Gil>) -> Result<u64, Fault> {
    let mut held = gil.map(Gil::acquire);
    let (mut stack, mut at, mut steps) = (Vec::new(), 0, 0);
    while let Some(op) = program.get(at) {
        if let Some(held) = &mut held {
            held.breathe();
        }
        at += 1;
        steps += 1;
        match *op {
            Op::Push(number) => stack.push(number),
            Op::Add => {
                let (a, b) = (pop(&mut stack)?, pop(&mut stack)?);
                stack.push(a.wrapping_add(b));
            }
            Op::Drop => drop(pop(&mut stack)?),
            Op::Loop(to) => {
                let left = pop(&mut stack)? - 1;
                if left > 0 {
                    stack.push(left);
                    at = to;
                    if to >= program.len() {
                        return Err(Fault::NoSuchInstruction);
                    }
                }
            }
            Op::Wait(time) => match &mut held {
                Some(held) => held.without(|| thread::sleep(time)),
                None => thread::sleep(time),
            },
            Op::Native(rounds) => drop(std::hint::black_box(match &mut held {
                Some(held) => held.without(|| compute(rounds)),
                None => compute(rounds),
            })),
        }
    }
    Ok(steps)
}
// ANCHOR_END: run

fn pop(stack: &mut Vec<i64>) -> Result<i64, Fault> {
    stack.pop().ok_or(Fault::StackEmpty)
}

/// Something that keeps a core busy and cannot be computed in advance.
pub fn compute(rounds: u64) -> u64 {
    let mut number = std::hint::black_box(rounds | 1);
    for _ in 0..rounds {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
    }
    std::hint::black_box(number)
}
