//! Alert rules: what a run is watched for. Plain data with ranges; [`crate::metrics::alerts`] asks the
//! rules.
//!
//! The words are those of Prometheus: a rule is pending while its condition holds, and fires when it has
//! held `for` so long. Without `alerts`, a scenario has the [`default_alerts`].

use serde::{Deserialize, Serialize};

use crate::human::{count, span_exact};
use crate::pipeline::Problem;
use crate::time::{SPAN_LIMIT, Span};

/// The most rules; a timeline cannot show more.
pub const MAX_ALERTS: usize = 100;

/// One alert rule.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub enum AlertRule {
    /// More records wait unread in the log than so many times what is usual.
    Lag {
        /// How many times the baseline; above 1, at most 1,000,000.
        #[serde(default = "default_times")]
        times: f64,
        /// The baseline is the median lag over so long before; positive.
        #[serde(default = "default_baseline")]
        baseline: Span,
        /// Fewer records than this are never an alert; 1 to 1,000,000,000.
        #[serde(default = "default_at_least")]
        at_least: u64,
        /// How long it has to hold; not negative.
        #[serde(rename = "for", default = "default_lag_lasting")]
        lasting: Span,
    },
    /// Too many records are seen in a result too late after they happened, or not yet.
    Freshness {
        /// How long after it happened a record is to be in a result; positive.
        sla: Span,
        /// For this share of the records; above 0, below 1.
        #[serde(default = "default_quantile")]
        quantile: f64,
        /// Over so long; positive.
        #[serde(default = "default_over")]
        over: Span,
        /// How long it has to hold; not negative.
        #[serde(rename = "for", default)]
        lasting: Span,
    },
    /// Too many records are dropped late, shed, lost or refused.
    DropRate {
        /// More than this share of the records; 0 to 1.
        #[serde(default = "default_drop_share")]
        share: f64,
        /// Over so long; positive.
        #[serde(default = "default_over")]
        over: Span,
        /// How long it has to hold; not negative.
        #[serde(rename = "for", default)]
        lasting: Span,
    },
    /// Records keep coming and the watermark stands.
    StalledWatermark {
        /// How long; positive.
        #[serde(rename = "for", default = "default_stalled")]
        lasting: Span,
    },
    /// The oldest unread record of a partition is about to be deleted.
    Retention {
        /// Beyond this share of what the log keeps, by age or by number; above 0, at most 1.
        #[serde(default = "default_retention_share")]
        share: f64,
    },
}

/// What a scenario is watched for that does not say: lag, dropped records, a watermark that stands, and
/// retention. What is fresh enough only its author knows.
pub fn default_alerts() -> Vec<AlertRule> {
    vec![
        AlertRule::Lag {
            times: default_times(),
            baseline: default_baseline(),
            at_least: default_at_least(),
            lasting: default_lag_lasting(),
        },
        AlertRule::DropRate { share: default_drop_share(), over: default_over(), lasting: Span::ZERO },
        AlertRule::StalledWatermark { lasting: default_stalled() },
        AlertRule::Retention { share: default_retention_share() },
    ]
}

const fn default_times() -> f64 {
    2.0
}

const fn default_baseline() -> Span {
    Span::from_secs(300)
}

const fn default_at_least() -> u64 {
    100
}

const fn default_lag_lasting() -> Span {
    Span::from_secs(30)
}

const fn default_quantile() -> f64 {
    0.95
}

const fn default_over() -> Span {
    Span::from_secs(60)
}

const fn default_drop_share() -> f64 {
    0.01
}

const fn default_stalled() -> Span {
    Span::from_secs(60)
}

const fn default_retention_share() -> f64 {
    0.8
}

impl AlertRule {
    /// Its name in output.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Lag { .. } => "lag",
            Self::Freshness { .. } => "freshness",
            Self::DropRate { .. } => "drop_rate",
            Self::StalledWatermark { .. } => "stalled_watermark",
            Self::Retention { .. } => "retention",
        }
    }

    /// How long its condition has to hold before it fires. A stall is as long as it says by itself.
    pub const fn lasting(&self) -> Span {
        match self {
            Self::Lag { lasting, .. } | Self::Freshness { lasting, .. } | Self::DropRate { lasting, .. } => *lasting,
            Self::StalledWatermark { .. } | Self::Retention { .. } => Span::ZERO,
        }
    }
}

/// Everything that is out of range in a list of rules, with paths from the root of the scenario.
pub fn problems(rules: &[AlertRule]) -> Vec<Problem> {
    if rules.len() > MAX_ALERTS {
        return vec![Problem::new("alerts", format!("{} rules: the limit is {MAX_ALERTS}", rules.len()))];
    }
    let mut found = Found::default();
    for (place, rule) in rules.iter().enumerate() {
        found.rule(place, rule);
    }
    found.0
}

#[derive(Default)]
struct Found(Vec<Problem>);

impl Found {
    fn rule(&mut self, place: usize, rule: &AlertRule) {
        let at = |field: &str| format!("alerts.{place}.{field}");
        match *rule {
            AlertRule::Lag { times, baseline, at_least, lasting } => {
                self.number(&at("times"), times, times > 1.0 && times <= 1e6, "above 1, at most 1000000");
                self.span(&at("baseline"), baseline, 1);
                if !(1..=1_000_000_000).contains(&at_least) {
                    let message = format!("{at_least} is out of range: must be 1 to {}", count(1_000_000_000));
                    self.0.push(Problem::new(at("at_least"), message));
                }
                self.span(&at("for"), lasting, 0);
            }
            AlertRule::Freshness { sla, quantile, over, lasting } => {
                self.span(&at("sla"), sla, 1);
                self.number(&at("quantile"), quantile, quantile > 0.0 && quantile < 1.0, "above 0, below 1");
                self.span(&at("over"), over, 1);
                self.span(&at("for"), lasting, 0);
            }
            AlertRule::DropRate { share, over, lasting } => {
                self.number(&at("share"), share, (0.0..=1.0).contains(&share), "0 to 1");
                self.span(&at("over"), over, 1);
                self.span(&at("for"), lasting, 0);
            }
            AlertRule::StalledWatermark { lasting } => self.span(&at("for"), lasting, 1),
            AlertRule::Retention { share } => {
                self.number(&at("share"), share, share > 0.0 && share <= 1.0, "above 0, at most 1");
            }
        }
    }

    fn number(&mut self, path: &str, value: f64, is_legal: bool, range: &str) {
        if !is_legal {
            self.0.push(Problem::new(path, format!("{value} is out of range: must be {range}")));
        }
    }

    fn span(&mut self, path: &str, span: Span, least: i64) {
        if span.micros() < least || span > SPAN_LIMIT {
            let range = if least > 0 { "more than 0" } else { "0 or more" };
            let shown = span_exact(span);
            self.0.push(Problem::new(path, format!("{shown} is out of range: must be {range}, at most 115740d")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse;
    use crate::scenario::set::apply;

    const PLAIN: &str = "(title: \"x\", source: Synthetic())";

    fn with(settings: &[&str]) -> Result<Vec<AlertRule>, String> {
        let mut scenario = parse(PLAIN, "test").unwrap();
        match apply(&mut scenario, settings) {
            Ok(()) => {
                assert_eq!(parse(&scenario.to_ron(), "test"), Ok(scenario.clone()), "{}", scenario.to_ron());
                Ok(scenario.alerts)
            }
            Err(errors) => Err(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")),
        }
    }

    #[test]
    fn a_scenario_that_does_not_say_is_watched_for_the_usual() {
        assert_eq!(with(&[]), Ok(default_alerts()));
        assert_eq!(problems(&default_alerts()), []);
        assert_eq!(with(&["alerts=[]"]), Ok(Vec::new()));
        assert!(!parse(PLAIN, "test").unwrap().to_ron().contains("alerts"));
    }

    #[test]
    fn rules_are_set_as_a_whole_and_field_by_field() {
        let freshness = "alerts=[freshness(sla: 10s)]";
        let rule = AlertRule::Freshness {
            sla: Span::from_secs(10),
            quantile: 0.95,
            over: Span::from_secs(60),
            lasting: Span::ZERO,
        };
        assert_eq!(with(&[freshness]), Ok(vec![rule]));
        let set = with(&["alerts.0.times=3", "alerts.0.for=5min", "alerts.2.for=10s"]).unwrap();
        assert!(matches!(set[0], AlertRule::Lag { times: 3.0, lasting, .. } if lasting == Span::from_secs(300)));
        assert_eq!(set[2], AlertRule::StalledWatermark { lasting: Span::from_secs(10) });
        assert_eq!(set[0].lasting(), Span::from_secs(300));
    }

    #[test]
    fn every_knob_is_refused_with_its_limits() {
        for (setting, expected) in [
            ("alerts.0.times=1", "alerts.0.times: 1 is out of range: must be above 1, at most 1000000"),
            ("alerts.0.baseline=0s", "alerts.0.baseline: 0s is out of range: must be more than 0, at most 115740d"),
            ("alerts.0.at_least=0", "alerts.0.at_least: 0 is out of range: must be 1 to 1,000,000,000"),
            ("alerts.0.for=-1s", "alerts.0.for: -1s is out of range: must be 0 or more, at most 115740d"),
            ("alerts.1.share=1.5", "alerts.1.share: 1.5 is out of range: must be 0 to 1"),
            ("alerts.1.over=0s", "alerts.1.over: 0s is out of range: must be more than 0, at most 115740d"),
            ("alerts.2.for=0s", "alerts.2.for: 0s is out of range: must be more than 0, at most 115740d"),
            ("alerts.3.share=0", "alerts.3.share: 0 is out of range: must be above 0, at most 1"),
            (
                "alerts=[freshness(sla: 0s, quantile: 1)]",
                "alerts.0.sla: 0s is out of range: must be more than 0, at most 115740d\n\
                 alerts.0.quantile: 1 is out of range: must be above 0, below 1",
            ),
        ] {
            assert_eq!(with(&[setting]), Err(expected.to_owned()), "{setting}");
        }
        assert!(with(&["alerts.0.sla=1s"]).unwrap_err().contains("there is no field `sla` in alerts.0 (Lag)"));
        let many = format!("alerts=[{}]", "StalledWatermark(),".repeat(101));
        assert_eq!(with(&[&many]), Err("alerts: 101 rules: the limit is 100".to_owned()));
    }
}
