//! Logistic regression with instance weights, soft targets and a penalty on the squared weights, by L-BFGS (Nocedal 1980).

use super::calibrate::logistic;

/// Rows of features, all in one list.
#[derive(Debug, Default)]
pub(super) struct Rows {
    /// Column and value.
    entries: Vec<(u32, f32)>,
    ends: Vec<usize>,
}

impl Rows {
    pub fn push(&mut self, row: impl IntoIterator<Item = (u32, f32)>) {
        self.entries.extend(row);
        self.ends.push(self.entries.len());
    }

    pub fn row(&self, at: usize) -> &[(u32, f32)] {
        let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(start);
        self.entries.get(start..end).unwrap_or_default()
    }
}

/// One row that counts, and for what.
#[derive(Debug, Clone, Copy)]
pub(super) struct Instance {
    pub row: usize,
    pub target: f64,
    pub weight: f64,
    /// What the row is worth before anything is learnt.
    pub offset: f64,
    /// Which of the biases belongs to it.
    pub bias: usize,
}

pub(super) struct Task<'a> {
    pub rows: &'a Rows,
    pub instances: &'a [Instance],
    /// What a column's values are multiplied by.
    pub scales: &'a [f64],
    pub biases: usize,
    /// How freely the biases move; 0 keeps them where they are.
    pub bias_scale: f64,
    /// Strength of the penalty.
    pub penalty: f64,
}

const MEMORY: usize = 8;
const MAX_STEPS: usize = 200;

impl Task<'_> {
    /// Weights of the columns, scales multiplied in, and biases.
    pub fn solve(&self) -> (Vec<f64>, Vec<f64>) {
        let x = self.minimize();
        let (columns, biases) = x.split_at(self.scales.len());
        let scaled = columns.iter().zip(self.scales).map(|(weight, scale)| weight * scale);
        (scaled.collect(), biases.iter().map(|bias| bias * self.bias_scale).collect())
    }

    /// Loss at `x`, whose gradient is written to `gradient`.
    fn loss(&self, x: &[f64], gradient: &mut [f64]) -> f64 {
        let columns = self.scales.len();
        let scales = || self.scales.iter().copied().chain(std::iter::repeat_n(self.bias_scale, self.biases));
        let weights: Vec<f64> = x.iter().zip(scales()).map(|(x, scale)| x * scale).collect();
        let mut loss = 0.5 * self.penalty * dot(x, x);
        gradient.fill(0.0);
        for instance in self.instances {
            let row = self.rows.row(instance.row);
            let bias = columns + instance.bias;
            let sum: f64 = row.iter().map(|(column, value)| weights[*column as usize] * f64::from(*value)).sum();
            let z = instance.offset + weights[bias] + sum;
            // log(1 + e^z) - target * z, without overflow.
            loss += instance.weight * (z.max(0.0) + (-z.abs()).exp().ln_1p() - instance.target * z);
            let error = instance.weight * (logistic(z) - instance.target);
            gradient[bias] += error;
            for (column, value) in row {
                gradient[*column as usize] += error * f64::from(*value);
            }
        }
        for ((g, scale), x) in gradient.iter_mut().zip(scales()).zip(x) {
            *g = *g * scale + self.penalty * x;
        }
        loss
    }

    fn minimize(&self) -> Vec<f64> {
        let size = self.scales.len() + self.biases;
        let (mut x, mut gradient) = (vec![0.0; size], vec![0.0; size]);
        let mut loss = self.loss(&x, &mut gradient);
        let mut history: Vec<(Vec<f64>, Vec<f64>)> = Vec::new();
        let mut trial = (vec![0.0; size], vec![0.0; size]);
        for _ in 0..MAX_STEPS {
            let mut direction = descent(&gradient, &history);
            let mut slope = dot(&direction, &gradient);
            if slope >= 0.0 {
                history.clear();
                direction = gradient.iter().map(|g| -g).collect();
                slope = -dot(&gradient, &gradient);
            }
            let mut step = if history.is_empty() { 1.0 / dot(&gradient, &gradient).sqrt().max(1.0) } else { 1.0 };
            let mut trial_loss = f64::INFINITY;
            for _ in 0..30 {
                for ((to, from), d) in trial.0.iter_mut().zip(&x).zip(&direction) {
                    *to = from + step * d;
                }
                trial_loss = self.loss(&trial.0, &mut trial.1);
                if trial_loss <= loss + 1e-4 * step * slope {
                    break;
                }
                step *= 0.5;
            }
            if trial_loss >= loss {
                break;
            }
            let difference = |to: &[f64], from: &[f64]| to.iter().zip(from).map(|(a, b)| a - b).collect::<Vec<f64>>();
            let pair = (difference(&trial.0, &x), difference(&trial.1, &gradient));
            if dot(&pair.0, &pair.1) > 1e-12 {
                if history.len() == MEMORY {
                    history.remove(0);
                }
                history.push(pair);
            }
            let gain = loss - trial_loss;
            std::mem::swap(&mut x, &mut trial.0);
            std::mem::swap(&mut gradient, &mut trial.1);
            loss = trial_loss;
            if gain < 1e-7 * loss.max(1e-9) {
                break;
            }
        }
        x
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The two-loop recursion.
fn descent(gradient: &[f64], history: &[(Vec<f64>, Vec<f64>)]) -> Vec<f64> {
    let mut q: Vec<f64> = gradient.iter().map(|g| -g).collect();
    let add = |q: &mut [f64], factor: f64, v: &[f64]| q.iter_mut().zip(v).for_each(|(q, v)| *q += factor * v);
    let mut factors = Vec::with_capacity(history.len());
    for (s, y) in history.iter().rev() {
        let factor = dot(s, &q) / dot(s, y);
        add(&mut q, -factor, y);
        factors.push(factor);
    }
    if let Some((s, y)) = history.last() {
        let scale = dot(s, y) / dot(y, y);
        q.iter_mut().for_each(|q| *q *= scale);
    }
    for ((s, y), factor) in history.iter().zip(factors.iter().rev()) {
        let back = dot(y, &q) / dot(s, y);
        add(&mut q, factor - back, s);
    }
    q
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gradient_vanishes_at_the_solution() {
        let mut rows = Rows::default();
        for row in [vec![(0, 1.0), (1, 0.5)], vec![(1, 1.0)], vec![(0, -0.5), (2, 2.0)], vec![]] {
            rows.push(row);
        }
        let instances: Vec<Instance> = [1.0, 0.0, 0.5, 0.0]
            .iter()
            .enumerate()
            .map(|(row, target)| Instance {
                row,
                target: *target,
                weight: 1.0 + row as f64,
                offset: 0.1,
                bias: row % 2,
            })
            .collect();
        let task = Task {
            rows: &rows,
            instances: &instances,
            scales: &[1.0, 2.0, 0.5],
            biases: 2,
            bias_scale: 10.0,
            penalty: 0.1,
        };
        let mut gradient = vec![0.0; 5];
        task.loss(&task.minimize(), &mut gradient);
        assert!(dot(&gradient, &gradient).sqrt() < 1e-2, "{gradient:?}");
        let (weights, biases) = task.solve();
        assert!(weights[0] > 0.5 && biases.len() == 2, "{weights:?}");
    }
}
