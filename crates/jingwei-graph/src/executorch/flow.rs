//! Where the instructions of a method lead: loops are jumps back, and end by a condition that changes.

use std::collections::HashMap;

/// What a condition makes of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Truth {
    Changes,
    True,
    False,
    /// A constant tensor. Exporters do not loop by one.
    Unread,
}

/// Goes to another instruction where a value is false.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jump {
    pub by: i32,
    pub to: usize,
}

/// The values of a method, as far as conditions are made of them.
pub(super) struct Flow {
    truths: Vec<Truth>,
    moves: HashMap<usize, Vec<usize>>,
}

impl Flow {
    pub fn new(truths: Vec<Truth>) -> Self {
        Self { truths, moves: HashMap::new() }
    }

    /// The value is another one from here on.
    pub fn writes(&mut self, value: i32) {
        if let Some(truth) = usize::try_from(value).ok().and_then(|value| self.truths.get_mut(value)) {
            *truth = Truth::Changes;
        }
    }

    /// The value comes from outside. Runtimes take a tensor as it comes, and refuse any other number than the program has.
    pub fn comes_in(&mut self, value: i32) {
        if usize::try_from(value).is_ok_and(|value| self.truth(value) == Truth::Unread) {
            self.writes(value);
        }
    }

    pub fn moves(&mut self, from: i32, to: i32) {
        if let (Ok(from), Ok(to)) = (usize::try_from(from), usize::try_from(to)) {
            self.moves.entry(from).or_default().push(to);
        }
    }

    /// A value into which another is moved stays what it is only if both are the same.
    pub fn settle(&mut self) {
        let moves = std::mem::take(&mut self.moves);
        let mut changed = Vec::new();
        for (from, targets) in &moves {
            let truth = self.truth(*from);
            changed.extend(targets.iter().copied().filter(|to| self.truth(*to) != truth));
        }
        while let Some(value) = changed.pop() {
            let Some(truth) = self.truths.get_mut(value).filter(|truth| **truth != Truth::Changes) else { continue };
            *truth = Truth::Changes;
            changed.extend(moves.get(&value).into_iter().flatten());
        }
    }

    fn truth(&self, value: usize) -> Truth {
        self.truths.get(value).copied().unwrap_or(Truth::Changes)
    }

    /// Where an instruction leads.
    fn next(&self, at: usize, jump: Option<Jump>) -> [usize; 2] {
        let Some(jump) = jump else { return [at + 1; 2] };
        match self.truth(usize::try_from(jump.by).unwrap_or(usize::MAX)) {
            Truth::True => [at + 1; 2],
            Truth::False => [jump.to; 2],
            Truth::Unread if jump.to <= at => [jump.to; 2],
            Truth::Unread | Truth::Changes => [at + 1, jump.to],
        }
    }

    /// An instruction that is reached, and from which the end is not.
    pub fn never_ends(&self, jumps: &[Option<Jump>]) -> Option<usize> {
        let next: Vec<[usize; 2]> = jumps.iter().enumerate().map(|(at, jump)| self.next(at, *jump)).collect();
        let end = next.len();
        let mut before: Vec<Vec<usize>> = vec![Vec::new(); end + 1];
        for (at, targets) in next.iter().enumerate() {
            for target in targets {
                if let Some(before) = before.get_mut((*target).min(end)) {
                    before.push(at);
                }
            }
        }
        let reached = spread(0, end, |at| next.get(at).map_or(&[][..], |targets| targets));
        let ends = spread(end, end, |at| before.get(at).map_or(&[][..], Vec::as_slice));
        reached.iter().zip(&ends).position(|(reached, ends)| *reached && !*ends)
    }
}

/// All that is reached from one place, of those up to `end`.
fn spread<'a>(start: usize, end: usize, next: impl Fn(usize) -> &'a [usize]) -> Vec<bool> {
    let mut seen = vec![false; end + 1];
    let mut open = vec![start];
    while let Some(at) = open.pop() {
        if let Some(seen) = seen.get_mut(at).filter(|seen| !**seen) {
            *seen = true;
            open.extend(next(at));
        }
    }
    seen
}
