use crate::{
    Random,
    estimate::{is_level, length},
    normal_cdf, normal_quantile,
};

/// How the interval is read from the draws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BootstrapMethod {
    /// The quantiles of the draws (Efron, 1979).
    Percentile,
    /// Quantiles moved for bias and skewness (BCa: Efron, 1987). It computes the statistic once more for each cluster.
    BiasCorrectedAccelerated,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bootstrap {
    /// From 100 to 100,000.
    pub draws: u32,
    pub level: f64,
    pub method: BootstrapMethod,
    pub seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BootstrapInterval {
    pub value: f64,
    pub lower: f64,
    pub upper: f64,
    pub level: f64,
    /// Draws for which the statistic was defined; the interval rests on these.
    pub defined_draws: u32,
}

/// BCa leaves out each cluster once, which takes the square of their count.
const MOST_CLUSTERS_TO_LEAVE_OUT: usize = 20_000;

/// The interval of any statistic of clusters: whole clusters are drawn with replacement, as many as there are,
/// and what is inside a cluster stays together.
///
/// `None` where there are fewer than two clusters, the plan is out of bounds, the statistic is undefined for the
/// clusters themselves or for half of the draws, and **where all draws agree**: the bootstrap of 0 hits in 730 tries is
/// [0, 0], which is no knowledge but the lack of it. Rates are for [`crate::clustered_rate`].
pub fn cluster_bootstrap<T>(
    clusters: &[T],
    statistic: impl Fn(&[&T]) -> Option<f64>,
    plan: Bootstrap,
) -> Option<BootstrapInterval> {
    if clusters.len() < 2 || !(100..=100_000).contains(&plan.draws) || !is_level(plan.level) {
        return None;
    }
    let statistic = |drawn: &[&T]| statistic(drawn).filter(|value| value.is_finite());
    let all: Vec<&T> = clusters.iter().collect();
    let value = statistic(&all)?;
    let draws = sorted_draws(&all, &statistic, plan);
    let defined_draws = u32::try_from(draws.len()).ok()?;
    if defined_draws <= plan.draws / 2 || draws.first() == draws.last() {
        return None;
    }
    let tail = f64::midpoint(1.0, -plan.level);
    let (low, high) = match plan.method {
        BootstrapMethod::Percentile => (tail, 1.0 - tail),
        BootstrapMethod::BiasCorrectedAccelerated => moved_tails(&all, &statistic, &draws, value, tail)?,
    };
    let (lower, upper) = (sorted_quantile(&draws, low)?, sorted_quantile(&draws, high)?);
    Some(BootstrapInterval { value, lower, upper, level: plan.level, defined_draws })
}

fn sorted_draws<T>(all: &[&T], statistic: &impl Fn(&[&T]) -> Option<f64>, plan: Bootstrap) -> Vec<f64> {
    let mut random = Random::seeded(plan.seed);
    let mut drawn = all.to_vec();
    let mut values = Vec::new();
    for _ in 0..plan.draws {
        for place in &mut drawn {
            if let Some(cluster) = all.get(random.index(all.len())) {
                *place = cluster;
            }
        }
        values.extend(statistic(&drawn));
    }
    values.sort_by(f64::total_cmp);
    values
}

/// The tails of BCa. The bias is the normal quantile of the share of draws below the value (ties count half), the
/// acceleration comes from leaving out each cluster once.
fn moved_tails<T>(
    all: &[&T],
    statistic: &impl Fn(&[&T]) -> Option<f64>,
    draws: &[f64],
    value: f64,
    tail: f64,
) -> Option<(f64, f64)> {
    if all.len() > MOST_CLUSTERS_TO_LEAVE_OUT {
        return None;
    }
    let below = draws.partition_point(|draw| *draw < value);
    let at_most = draws.partition_point(|draw| *draw <= value);
    let bias = normal_quantile((length(below) + length(at_most)) / (2.0 * length(draws.len())))?;
    let mut left_out = Vec::with_capacity(all.len());
    for index in 0..all.len() {
        let rest: Vec<&T> = all.iter().enumerate().filter(|(other, _)| *other != index).map(|(_, &one)| one).collect();
        left_out.push(statistic(&rest)?);
    }
    let mean = left_out.iter().sum::<f64>() / length(left_out.len());
    let squares: f64 = left_out.iter().map(|one| (mean - one).powi(2)).sum();
    let cubes: f64 = left_out.iter().map(|one| (mean - one).powi(3)).sum();
    let acceleration = if squares > 0.0 { cubes / (6.0 * squares.powf(1.5)) } else { 0.0 };
    let moved = |tail: f64| {
        let z = bias + normal_quantile(tail)?;
        Some(normal_cdf(bias + z / (1.0 - acceleration * z)))
    };
    Some((moved(tail)?, moved(1.0 - tail)?))
}

/// The quantile of sorted numbers, linear between neighbours (type 7 of Hyndman and Fan, 1996; numpy's default).
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 ≤ place < the slice's length")]
pub(crate) fn sorted_quantile(sorted: &[f64], p: f64) -> Option<f64> {
    let last = sorted.len().checked_sub(1)?;
    let place = p.clamp(0.0, 1.0) * length(last);
    let low = sorted.get(place as usize)?;
    let high = sorted.get((place as usize + 1).min(last))?;
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    type Cluster = (f64, f64);

    fn ratio(clusters: &[&Cluster]) -> Option<f64> {
        let tries: f64 = clusters.iter().map(|cluster| cluster.1).sum();
        (tries > 0.0).then(|| clusters.iter().map(|cluster| cluster.0).sum::<f64>() / tries)
    }

    const PLAN: Bootstrap = Bootstrap { draws: 4_000, level: 0.95, method: BootstrapMethod::Percentile, seed: 1 };

    #[derive(serde::Deserialize)]
    struct Row {
        clusters: Vec<Cluster>,
        percentile: (f64, f64),
        bca: (f64, f64),
    }

    /// scipy draws other numbers, so both agree only as two long simulations do.
    #[test]
    fn it_agrees_with_scipy() {
        let rows: Vec<Row> = serde_json::from_str(include_str!("../testdata/bootstrap_golden.json")).unwrap();
        assert!(rows.len() >= 3);
        for row in rows {
            let check = |method, scipy: (f64, f64)| {
                let ours = cluster_bootstrap(&row.clusters, ratio, Bootstrap { method, ..PLAN }).unwrap();
                let bound = 0.05 * (scipy.1 - scipy.0);
                assert!((ours.lower - scipy.0).abs() < bound, "{method:?} {ours:?} {scipy:?}");
                assert!((ours.upper - scipy.1).abs() < bound, "{method:?} {ours:?} {scipy:?}");
            };
            check(BootstrapMethod::Percentile, row.percentile);
            check(BootstrapMethod::BiasCorrectedAccelerated, row.bca);
        }
    }

    #[test]
    fn the_same_seed_gives_the_same_interval() {
        let clusters: Vec<Cluster> =
            (0..40).map(|index| (f64::from(index).sin().abs(), 1.0 + f64::from(index % 7))).collect();
        let draw = |seed| cluster_bootstrap(&clusters, ratio, Bootstrap { seed, ..PLAN }).unwrap();
        assert_eq!(draw(9), draw(9));
        assert_ne!(draw(9), draw(10));
        assert!(draw(9).lower < draw(9).value && draw(9).value < draw(9).upper);
    }

    #[test]
    fn what_cannot_be_known_is_nothing() {
        let zeros = [(0.0, 10.0); 73];
        let some = [(1.0, 4.0), (0.0, 4.0), (3.0, 4.0)];
        assert!(cluster_bootstrap(&zeros, ratio, PLAN).is_none(), "all draws agree");
        assert!(cluster_bootstrap(&some[..1], ratio, PLAN).is_none());
        assert!(cluster_bootstrap(&[], ratio, PLAN).is_none());
        assert!(cluster_bootstrap(&some, |_| None, PLAN).is_none());
        assert!(cluster_bootstrap(&some, |_| Some(f64::NAN), PLAN).is_none());
        for plan in
            [Bootstrap { draws: 99, ..PLAN }, Bootstrap { draws: 100_001, ..PLAN }, Bootstrap { level: 1.0, ..PLAN }]
        {
            assert!(cluster_bootstrap(&some, ratio, plan).is_none(), "{plan:?}");
        }
        let rarely_defined =
            |drawn: &[&Cluster]| if drawn == [&some[0], &some[1], &some[2]] { Some(1.0) } else { None };
        assert!(cluster_bootstrap(&some, rarely_defined, PLAN).is_none());
        let many = vec![(1.0, 2.0); MOST_CLUSTERS_TO_LEAVE_OUT + 1];
        assert!(moved_tails(&many.iter().collect::<Vec<_>>(), &ratio, &[0.4, 0.6], 0.5, 0.025).is_none());
    }
}
