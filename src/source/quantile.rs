//! Inverse distribution functions: a probability in, a value out.
//!
//! Drawing by inversion takes exactly one uniform number per value and moves smoothly with the
//! parameters: turning a knob shifts every value a little instead of dealing new ones. Only
//! `libm` is used, since the `exp`, `ln` and `pow` of a platform may differ in the last bit.

/// The exponential distribution: `mean * -ln(tail)`, where `tail` in (0, 1] is the probability of
/// a longer value.
pub fn exponential(tail: f64, mean: f64) -> f64 {
    -mean * libm::log(tail)
}

/// The Pareto distribution: `scale * tail^(-1/shape)`, where `tail` in (0, 1] is the probability
/// of a longer value.
pub fn pareto(tail: f64, scale: f64, shape: f64) -> f64 {
    scale * libm::pow(tail, -1.0 / shape)
}

/// The log-normal distribution: `median * exp(sigma * normal(p))`, for `p` in (0, 1).
pub fn log_normal(p: f64, median: f64, sigma: f64) -> f64 {
    median * libm::exp(sigma * normal(p))
}

/// Straight lines between measured quantiles of (share of values up to it, value), both ascending; the
/// first below them and the last above. 0 without any.
pub fn between(p: f64, quantiles: &[(f64, f64)]) -> f64 {
    let next = quantiles.partition_point(|&(share, _)| share <= p);
    match (next.checked_sub(1).and_then(|before| quantiles.get(before)), quantiles.get(next)) {
        (Some(&(low, from)), Some(&(high, to))) => from + (to - from) * ((p - low) / (high - low)),
        (Some(&(_, only)), None) | (None, Some(&(_, only))) => only,
        (None, None) => 0.0,
    }
}

/// The standard normal distribution, for `p` in (0, 1): algorithm AS 241, routine PPND16, of
/// Wichura (The percentage points of the normal distribution, Applied Statistics 37, 1988);
/// relative accuracy about 1e-16.
pub fn normal(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * ratio(&CENTRE, r);
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = libm::sqrt(-libm::log(tail));
    let distance = if r <= 5.0 { ratio(&MIDDLE, r - 1.6) } else { ratio(&FAR, r - 5.0) };
    if q < 0.0 { -distance } else { distance }
}

/// Coefficients of a rational function, from the highest power down.
type Rational = ([f64; 8], [f64; 8]);

fn ratio((top, bottom): &Rational, x: f64) -> f64 {
    polynomial(top, x) / polynomial(bottom, x)
}

fn polynomial(coefficients: &[f64; 8], x: f64) -> f64 {
    coefficients.iter().fold(0.0, |sum, coefficient| sum * x + coefficient)
}

/// |p - 1/2| up to 0.425.
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const CENTRE: Rational = (
    [
        2.509_080_928_730_122_672_7e3,
        3.343_057_558_358_812_810_5e4,
        6.726_577_092_700_870_085_3e4,
        4.592_195_393_154_987_145_7e4,
        1.373_169_376_550_946_112_5e4,
        1.971_590_950_306_551_442_7e3,
        1.331_416_678_917_843_774_5e2,
        3.387_132_872_796_366_608_0e0,
    ],
    [
        5.226_495_278_852_854_561_0e3,
        2.872_908_573_572_194_267_4e4,
        3.930_789_580_009_271_061_0e4,
        2.121_379_430_158_659_586_7e4,
        5.394_196_021_424_751_107_7e3,
        6.871_870_074_920_579_083_0e2,
        4.231_333_070_160_091_125_2e1,
        1.0,
    ],
);

/// Tails down to a probability of exp(-25).
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const MIDDLE: Rational = (
    [
        7.745_450_142_783_414_076_40e-4,
        2.272_384_498_926_918_458_33e-2,
        2.417_807_251_774_506_117_70e-1,
        1.270_458_252_452_368_382_58e0,
        3.647_848_324_763_204_605_04e0,
        5.769_497_221_460_691_405_50e0,
        4.630_337_846_156_545_295_90e0,
        1.423_437_110_749_683_577_34e0,
    ],
    [
        1.050_750_071_644_416_843_24e-9,
        5.475_938_084_995_344_946_00e-4,
        1.519_866_656_361_645_719_66e-2,
        1.481_039_764_274_800_745_90e-1,
        6.897_673_349_851_000_045_50e-1,
        1.676_384_830_183_803_849_40e0,
        2.053_191_626_637_758_821_87e0,
        1.0,
    ],
);

/// Tails beyond that.
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const FAR: Rational = (
    [
        2.010_334_399_292_288_132_65e-7,
        2.711_555_568_743_487_578_15e-5,
        1.242_660_947_388_078_438_60e-3,
        2.653_218_952_657_612_309_30e-2,
        2.965_605_718_285_048_912_30e-1,
        1.784_826_539_917_291_335_80e0,
        5.463_784_911_164_114_369_90e0,
        6.657_904_643_501_103_777_20e0,
    ],
    [
        2.044_263_103_389_939_785_64e-15,
        1.421_511_758_316_445_888_70e-7,
        1.846_318_317_510_054_681_80e-5,
        7.868_691_311_456_132_591_00e-4,
        1.487_536_129_085_061_485_25e-2,
        1.369_298_809_227_358_053_10e-1,
        5.998_322_065_558_879_376_90e-1,
        1.0,
    ],
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_normal_quantile_has_its_tabled_values() {
        let table = [
            (0.5, 0.0),
            (0.75, 0.674_489_750_196_081_7),
            (0.841_344_746_068_542_9, 1.0),
            (0.95, 1.644_853_626_951_472_7),
            (0.975, 1.959_963_984_540_054),
            (0.999, 3.090_232_306_167_813_5),
            (1e-10, -6.361_340_902_404_056),
            (1e-300, -37.047_096_299_361_2),
        ];
        for (p, z) in table {
            assert!((normal(p) - z).abs() <= 4e-15 * z.abs().max(1.0), "{p}: {} is not {z}", normal(p));
        }
    }

    #[test]
    fn the_normal_quantile_inverts_the_distribution_function() {
        // Multiples of a power of two, so that 1 - p is exact.
        for step in 1..2_048 {
            let p = f64::from(step) / 2_048.0;
            let back = 0.5 * libm::erfc(-normal(p) / std::f64::consts::SQRT_2);
            assert!((back - p).abs() < 1e-15, "{p} came back as {back}");
            assert_eq!(normal(p), -normal(1.0 - p));
        }
    }

    #[test]
    fn the_ends_of_the_unit_interval_are_finite() {
        let step = 1.0 / 9_007_199_254_740_992.0;
        assert!(normal(step).is_finite() && normal(1.0 - step).is_finite());
        assert_eq!(exponential(1.0, 3.0), 0.0);
        assert!(exponential(step, 3.0).is_finite());
        assert_eq!(pareto(1.0, 3.0, 0.5), 3.0);
    }

    #[test]
    fn between_measured_quantiles_are_straight_lines() {
        let measured = [(0.5, 1.0), (0.9, 3.0), (1.0, 13.0)];
        for (p, value) in [(0.0, 1.0), (0.5, 1.0), (0.7, 2.0), (0.9, 3.0), (0.95, 8.0), (1.0, 13.0)] {
            assert!((between(p, &measured) - value).abs() < 1e-12, "{p}");
        }
        assert_eq!((between(0.3, &[]), between(0.3, &[(0.9, 2.0)])), (0.0, 2.0));
    }

    #[test]
    fn quantiles_have_their_closed_forms() {
        let near = |a: f64, b: f64| assert!((a - b).abs() < 1e-12 * b.abs(), "{a} is not {b}");
        near(exponential(0.5, 10.0), 10.0 * std::f64::consts::LN_2);
        near(pareto(0.25, 2.0, 2.0), 4.0);
        near(log_normal(0.5, 7.5, 0.8), 7.5);
        near(log_normal(0.975, 1.0, 1.0), 7.099_071_384_231_332);
    }
}
