//! Macros that call themselves whatever they are given.

use std::collections::{HashMap, HashSet};

use crate::template::ast::{Expr, Kind, Statement, What};

/// A macro from which calls lead back to it with no condition on the way, and where it is called. Honest macros that
/// walk through nested data ask first whether there is more.
pub(super) fn endless(statements: &[Statement]) -> Option<(&str, usize)> {
    let mut calls: HashMap<&str, Vec<(&str, usize)>> = HashMap::new();
    for statement in statements {
        if let Statement::Macro { name, body, .. } = statement {
            let entry = calls.entry(name).or_default();
            certain(body, entry);
        }
    }
    let mut ended: HashSet<&str> = HashSet::new();
    let mut names: Vec<&str> = calls.keys().copied().collect();
    names.sort_unstable();
    for name in names {
        // Follows the first known call of each macro: with no condition, all of them are made.
        let (mut at, mut way) = (name, HashSet::new());
        while way.insert(at) && !ended.contains(at) {
            let Some((next, offset)) = calls.get(at)?.iter().find(|(next, _)| calls.contains_key(next)) else { break };
            if way.contains(next) {
                return Some((next, *offset));
            }
            at = next;
        }
        ended.extend(way);
    }
    None
}

/// Calls of macros that a template makes in the end; more than that is no template.
const CALLS: u64 = 1_000_000;

/// A macro whose calls of others, which call others in turn, are too many, and where it is called.
pub(super) fn multiplied(statements: &[Statement]) -> Option<(&str, usize, u64)> {
    let mut calls: HashMap<&str, Vec<(&str, usize)>> = HashMap::new();
    let mut order: Vec<&str> = Vec::new();
    for statement in statements {
        if let Statement::Macro { name, body, .. } = statement {
            order.push(name);
            certain(body, calls.entry(name).or_default());
        }
    }
    // Each round settles what calls only settled ones; a chain of macros is no longer than their number, and short chains
    // reach the limit, since each link of them at least doubles.
    let mut total: HashMap<&str, u64> = HashMap::new();
    for _ in 0..order.len().min(64) {
        for name in &order {
            let made = calls.get(name).map(Vec::as_slice).unwrap_or_default();
            let sum =
                made.iter().fold(1u64, |sum, (next, _)| sum.saturating_add(total.get(next).copied().unwrap_or(0)));
            if sum > CALLS {
                return made.first().map(|(_, offset)| (*name, *offset, sum));
            }
            total.insert(name, sum);
        }
    }
    None
}

/// The calls that a body makes in any case.
fn certain<'t>(body: &'t [Statement], calls: &mut Vec<(&'t str, usize)>) {
    for statement in body {
        match statement {
            Statement::Output(value) | Statement::Do(value) | Statement::Set { value, .. } => called(value, calls),
            Statement::Holds(body) | Statement::Capture { body, .. } | Statement::With { body, .. } => {
                certain(body, calls);
            }
            _ => {}
        }
    }
}

fn called<'t>(value: &'t Expr, calls: &mut Vec<(&'t str, usize)>) {
    match &value.kind {
        Kind::Chain(first, rest) => {
            called(first, calls);
            rest.iter().for_each(|(_, part)| called(part, calls));
        }
        Kind::Steps(base, steps) => match (&base.kind, steps.first().map(|step| &step.what)) {
            (Kind::Name(name), Some(What::Call(_))) => calls.push((name, value.offset)),
            _ => called(base, calls),
        },
        _ => {}
    }
}
