//! How sure the next stretch of a stream keeps a bound that the last stretch was chosen by.
//!
//! If records were independent, the number of later ones beyond the (k+1)-th largest earlier one would be
//! beta-binomial whatever the distribution (Gumbel and von Schelling, The distribution of the number of
//! exceedances, 1950); with many records and few beyond, that is a negative binomial, whose distribution
//! function is a regularised incomplete beta function. Records that come late together count as one: the
//! caller says how many make one independent event (the design effect, Kish 1965).

/// What is counted, and what is allowed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Exceedance {
    /// Records that the threshold was chosen by; at least 1.
    pub seen: f64,
    /// Of those, how many are beyond the threshold.
    pub beyond: f64,
    /// Records still to come; at least 1.
    pub to_come: f64,
    /// Of those, how many may be beyond it.
    pub allowed: f64,
    /// How many records count as one independent event; at least 1.
    pub together: f64,
}

impl Exceedance {
    /// The probability that at most the allowed number of later records is beyond, from 0 to 1: with
    /// n seen and m to come, I(n / (n + m); k + 1, a + 1) with k and a in independent events.
    pub fn confidence(self) -> f64 {
        let together = self.together.max(1.0);
        let share = self.seen / (self.seen + self.to_come);
        incomplete_beta(share, self.beyond / together + 1.0, self.allowed / together + 1.0)
    }
}

/// The regularised incomplete beta function I(x; a, b) for x in [0, 1] and positive a and b, by its
/// continued fraction (NIST Digital Library of Mathematical Functions, 8.17.22, evaluated as Lentz 1976 does);
/// the relative error is below 1e-10 for a and b up to 1e6.
pub fn incomplete_beta(x: f64, a: f64, b: f64) -> f64 {
    if x.is_nan() || x <= 0.0 {
        return 0.0;
    }
    if x >= 1.0 {
        return 1.0;
    }
    // The fraction converges fast below the mean; above it the mirror image is taken.
    if x > (a + 1.0) / (a + b + 2.0) {
        return 1.0 - incomplete_beta(1.0 - x, b, a);
    }
    let log_front =
        libm::lgamma(a + b) - libm::lgamma(a) - libm::lgamma(b) + a * libm::log(x) + b * libm::log1p(-x) - libm::log(a);
    (libm::exp(log_front) * continued_fraction(x, a, b)).clamp(0.0, 1.0)
}

/// Far more steps than a and b up to 1e6 need; they grow as the root of the larger one.
const MOST_STEPS: u32 = 20_000;

fn continued_fraction(x: f64, a: f64, b: f64) -> f64 {
    const TINY: f64 = 1e-300;
    let away_from_zero = |value: f64| if value.abs() < TINY { TINY } else { value };
    let mut numerator = 1.0;
    let mut denominator = 1.0 / away_from_zero(1.0 - (a + b) * x / (a + 1.0));
    let mut fraction = denominator;
    for step in 1..=MOST_STEPS {
        let m = f64::from(step);
        let even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        let odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        let mut change = 1.0;
        for coefficient in [even, odd] {
            denominator = 1.0 / away_from_zero(1.0 + coefficient * denominator);
            numerator = away_from_zero(1.0 + coefficient / numerator);
            change = denominator * numerator;
            fraction *= change;
        }
        if (change - 1.0).abs() < 1e-13 {
            break;
        }
    }
    fraction
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actual: f64, expected: f64) {
        assert!((actual - expected).abs() < 1e-9, "{actual} is not {expected}");
    }

    #[test]
    fn the_incomplete_beta_function_is_that_of_the_tables() {
        // I(x; 1, b) = 1 - (1 - x)^b, I(x; a, 1) = x^a, I(1/2; a, a) = 1/2.
        check(incomplete_beta(0.5, 1.0, 3.0), 0.875);
        check(incomplete_beta(0.2, 4.0, 1.0), 0.0016);
        check(incomplete_beta(0.5, 123.4, 123.4), 0.5);
        check(incomplete_beta(0.5, 200_000.0, 200_000.0), 0.5);
        // The distribution of a binomial: P(X >= 3) of 10 throws at 0.3 = I(0.3; 3, 8).
        let choose = [1.0, 10.0, 45.0];
        let below: f64 = (0..3).map(|k| choose[k] * 0.3_f64.powi(k as i32) * 0.7_f64.powi(10 - k as i32)).sum();
        check(incomplete_beta(0.3, 3.0, 8.0), 1.0 - below);
        check(incomplete_beta(0.0, 2.0, 2.0), 0.0);
        check(incomplete_beta(1.0, 2.0, 2.0), 1.0);
        check(incomplete_beta(f64::NAN, 2.0, 2.0), 0.0);
    }

    #[test]
    fn the_confidence_is_that_of_counting_all_orders() {
        // 3 records seen and 3 to come, all orders of the six equally likely: the largest seen one is passed
        // by none of the later ones in half of them, by at most one in 4/5 (6 over 3 = 20 orders).
        let of = |allowed: f64| {
            let orders: Vec<u32> = (0..64_u32).filter(|order| order.count_ones() == 3).collect();
            // A set bit is a record seen, the highest bit is the largest record.
            let later_beyond = |order: u32| f64::from((order << 26).leading_zeros());
            let kept = orders.iter().filter(|&&order| later_beyond(order) <= allowed).count();
            kept as f64 / orders.len() as f64
        };
        check(of(0.0), 0.5);
        check(of(1.0), 0.8);
        // The formula is the limit for many records: 1/2 and 1 - (1/2)^2.
        let formula = |allowed: f64, together: f64| {
            Exceedance { seen: 1e6, beyond: 0.0, to_come: 1e6, allowed, together }.confidence()
        };
        check(formula(0.0, 1.0), 0.5);
        check(formula(1.0, 1.0), 0.75);
        check(formula(10.0, 10.0), 0.75);
    }

    #[test]
    fn more_beyond_is_less_sure_and_more_allowed_is_surer() {
        let confidence = |beyond: f64, allowed: f64| {
            Exceedance { seen: 10_000.0, beyond, to_come: 10_000.0, allowed, together: 3.0 }.confidence()
        };
        for step in 0..40 {
            let at = f64::from(step);
            assert!(confidence(at + 1.0, 20.0) < confidence(at, 20.0));
            assert!(confidence(20.0, at + 1.0) > confidence(20.0, at));
        }
    }
}
