//! Models with known behaviour: the ground truth of tests.
