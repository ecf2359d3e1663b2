//! Limited-memory BFGS (Nocedal and Wright, Numerical Optimization, algorithm 7.5) with a backtracking line search.

use std::collections::VecDeque;

const MEMORY: usize = 10;
/// Share of the predicted descent that a step must reach (Armijo).
const SUFFICIENT: f64 = 1e-4;
const MOST_HALVINGS: u32 = 40;

struct Step {
    moved: Vec<f64>,
    gradient_change: Vec<f64>,
    curvature: f64,
}

/// The point with the smallest value that was found. `objective` gives value and gradient and must be smooth and convex.
pub(crate) fn minimise(
    mut point: Vec<f64>,
    iterations: u32,
    tolerance: f64,
    mut objective: impl FnMut(&[f64]) -> (f64, Vec<f64>),
) -> Vec<f64> {
    let (mut value, mut gradient) = objective(&point);
    let mut history: VecDeque<Step> = VecDeque::new();
    for _ in 0..iterations {
        if gradient.iter().all(|part| part.abs() <= tolerance) {
            break;
        }
        let direction = descent(&gradient, &history);
        let slope = dot(&direction, &gradient);
        let mut length = 1.0;
        let mut found = None;
        for _ in 0..MOST_HALVINGS {
            let next: Vec<f64> = point.iter().zip(&direction).map(|(at, along)| at + length * along).collect();
            let (next_value, next_gradient) = objective(&next);
            if next_value <= value + SUFFICIENT * length * slope {
                found = Some((next, next_value, next_gradient));
                break;
            }
            length *= 0.5;
        }
        // No step descends: the minimum is as near as these numbers can tell.
        let Some((next, next_value, next_gradient)) = found else { break };
        let moved: Vec<f64> = next.iter().zip(&point).map(|(new, old)| new - old).collect();
        let gradient_change: Vec<f64> = next_gradient.iter().zip(&gradient).map(|(new, old)| new - old).collect();
        let curvature = dot(&moved, &gradient_change);
        if curvature > 1e-12 * dot(&gradient_change, &gradient_change) {
            history.push_back(Step { moved, gradient_change, curvature });
        }
        if history.len() > MEMORY {
            history.pop_front();
        }
        (point, value, gradient) = (next, next_value, next_gradient);
    }
    point
}

/// The direction of descent: the gradient, bent by the curvature that the last steps met.
fn descent(gradient: &[f64], history: &VecDeque<Step>) -> Vec<f64> {
    let mut direction: Vec<f64> = gradient.iter().map(|part| -part).collect();
    let mut shares = Vec::with_capacity(history.len());
    for step in history.iter().rev() {
        let share = dot(&step.moved, &direction) / step.curvature;
        add(&mut direction, -share, &step.gradient_change);
        shares.push(share);
    }
    if let Some(last) = history.back() {
        let scale = last.curvature / dot(&last.gradient_change, &last.gradient_change);
        direction.iter_mut().for_each(|part| *part *= scale);
    }
    for (step, share) in history.iter().zip(shares.iter().rev()) {
        let back = dot(&step.gradient_change, &direction) / step.curvature;
        add(&mut direction, share - back, &step.moved);
    }
    direction
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

fn add(to: &mut [f64], times: f64, from: &[f64]) {
    to.iter_mut().zip(from).for_each(|(to, from)| *to += times * from);
}

#[cfg(test)]
mod tests {
    use super::minimise;

    #[test]
    fn the_bottom_of_a_narrow_valley_is_found() {
        // A sum of squares whose directions differ in steepness by 10^6, away from the origin.
        let steepness = [1.0, 1e3, 1e6];
        let bottom = [3.0, -2.0, 0.5];
        let found = minimise(vec![0.0; 3], 200, 1e-9, |point| {
            let parts = || point.iter().zip(&bottom).zip(&steepness);
            let value = parts().map(|((at, bottom), steep)| 0.5 * steep * (at - bottom).powi(2)).sum();
            (value, parts().map(|((at, bottom), steep)| steep * (at - bottom)).collect())
        });
        for (found, bottom) in found.iter().zip(&bottom) {
            assert!((found - bottom).abs() < 1e-6, "{found} {bottom}");
        }
    }
}
