//! Ways to put a question to a target in more than one turn.
