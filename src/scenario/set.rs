//! `--set path=value`: changing any field of a scenario from a line of text.
//!
//! The scenario is written out, the value at the path is replaced, and the text is read again, so
//! every field can be set and every error is one of the reader. Values may be written as people
//! type them: `1min` for `"1min"`, `side-output` for `SideOutput`, a text without quotes.

use std::fmt;

use crate::pipeline::Problem;
use crate::scenario::locate::{self, Field};
use crate::scenario::suggest::did_you_mean_stop;
use crate::scenario::{Scenario, explain, parse, write};

/// Short names of fields that are set often.
const SHORT_PATHS: [(&str, &str); 2] =
    [("bound", "pipeline.watermark.bound"), ("lateness", "pipeline.allowed_lateness")];

/// Parts whose fields may be named without them: `window` for `pipeline.window`.
const IMPLIED_PARTS: [&str; 2] = ["pipeline", "source"];

/// Why a field cannot be set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetError {
    /// The field, as the user named it.
    pub path: String,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for SetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.message)
    }
}

impl std::error::Error for SetError {}

/// Applies settings such as `source.rate=50`, in order, and checks the result.
///
/// # Errors
/// The first setting that cannot be applied, or else all fields that are then out of range.
pub fn apply<T: AsRef<str>>(scenario: &mut Scenario, settings: &[T]) -> Result<(), Vec<SetError>> {
    let mut changed = scenario.clone();
    for setting in settings {
        let setting = setting.as_ref();
        let Some((path, value)) = setting.split_once('=') else {
            let message = "must be a field and a value, like pipeline.watermark.bound=30s".to_owned();
            return Err(vec![SetError { path: setting.to_owned(), message }]);
        };
        set(&mut changed, path, value).map_err(|error| vec![error])?;
    }
    let problem = |Problem { path, message }| SetError { path, message };
    let problems: Vec<SetError> = changed.problems().into_iter().map(problem).collect();
    if problems.is_empty() {
        *scenario = changed;
        Ok(())
    } else {
        Err(problems)
    }
}

/// Sets the field at `path` to `value`. Ranges are not checked here, so that several fields can be
/// changed together; see [`apply`].
///
/// # Errors
/// When there is no such field, or the value is none for it; the scenario is then unchanged.
pub fn set(scenario: &mut Scenario, path: &str, value: &str) -> Result<(), SetError> {
    let (path, value) = (path.trim(), value.trim());
    let error = |message| SetError { path: path.to_owned(), message };
    let text = write::full_text(scenario);
    let fields = locate::fields(&text);
    let field = find(&fields, path).ok_or_else(|| error(unknown(path, &text, &fields)))?;
    let old = &text[field.value.clone()];
    let mut first_failure = None;
    for candidate in candidates(value, old) {
        let changed = format!("{}{candidate}{}", &text[..field.value.start], &text[field.value.end..]);
        match parse::read(&changed) {
            Ok(read) => {
                *scenario = read;
                return Ok(());
            }
            Err(failure) => {
                first_failure.get_or_insert_with(|| explain::explain(&failure, &changed, &locate::fields(&changed)));
            }
        }
    }
    Err(match first_failure {
        Some(failure) if failure.path.starts_with(&field.path) && failure.path.len() > field.path.len() => {
            SetError { path: failure.path, message: failure.message }
        }
        Some(failure) => error(failure.message),
        None => error("needs a value".to_owned()),
    })
}

/// The field that `path` means.
fn find<'a>(fields: &'a [Field], path: &str) -> Option<&'a Field> {
    let short = SHORT_PATHS.iter().find(|(short, _)| *short == path).map(|(_, full)| *full);
    let implied = || IMPLIED_PARTS.iter().find_map(|part| locate::find(fields, &format!("{part}.{path}")));
    locate::find(fields, short.unwrap_or(path)).or_else(implied)
}

/// Why `path` leads nowhere: where it stops, and what there is.
fn unknown(path: &str, text: &str, fields: &[Field]) -> String {
    let mut shorter = path;
    let parent = loop {
        let Some((parent, _)) = shorter.rsplit_once('.') else {
            break "";
        };
        if locate::find(fields, parent).is_some() {
            break parent;
        }
        shorter = parent;
    };
    let rest = if parent.is_empty() { path } else { &path[parent.len() + 1..] };
    let name = rest.split('.').next().unwrap_or(rest);
    let children: Vec<&str> = fields
        .iter()
        .filter_map(|field| {
            let rest =
                if parent.is_empty() { Some(&*field.path) } else { field.path.strip_prefix(parent)?.strip_prefix('.') };
            rest.filter(|rest| !rest.is_empty() && !rest.contains('.'))
        })
        .collect();
    let owner = match locate::find(fields, parent) {
        None => "the scenario".to_owned(),
        Some(field) => match text[field.value.clone()].split_once('(') {
            Some((variant, _)) if variant.starts_with(char::is_alphabetic) => format!("{parent} ({variant})"),
            _ => parent.to_owned(),
        },
    };
    if children.is_empty() {
        return format!("there is no field `{name}`: {owner} has no fields");
    }
    let guess = did_you_mean_stop(name, children.iter().copied());
    format!("there is no field `{name}` in {owner}{guess} It has {}", children.join(", "))
}

/// The ways to read `value` for a field that now is `old`; when all fail, the first one says why.
fn candidates(value: &str, old: &str) -> Vec<String> {
    let (raw, typed, quoted) = (value.to_owned(), as_typed(value), format!("{value:?}"));
    if old.starts_with('"') {
        // A text may look like a number or a name; only quotes of its own are left alone.
        return if value.starts_with('"') { vec![raw] } else { vec![quoted, raw] };
    }
    if old == "None" {
        // What may stand here is not known from what does.
        return if value == old { vec![raw] } else { vec![quoted, typed, raw] };
    }
    let is_number = old.starts_with(|c: char| c.is_ascii_digit() || c == '-');
    match (value, is_number) {
        ("", _) => Vec::new(),
        (_, true) => vec![raw],
        (_, false) => vec![typed, raw, quoted],
    }
}

/// RON from what people type: bare spans get quotes, and names of variants their capitals.
fn as_typed(value: &str) -> String {
    let mut out = String::new();
    let mut rest = value;
    while !rest.is_empty() {
        let length = locate::token_length(rest);
        let (token, after) = rest.split_at(length);
        let next = after.trim_start();
        if is_bare_span(token) {
            let span = token.len() + further_spans(after);
            out.push_str(&format!("\"{}\"", &rest[..span]));
            rest = &rest[span..];
            continue;
        }
        let names_variant = token.starts_with(char::is_alphabetic) && !next.starts_with(':');
        if names_variant && !matches!(token, "true" | "false") {
            out.push_str(&camel_case(token));
        } else {
            out.push_str(token);
        }
        rest = after;
    }
    out
}

/// How many bytes of `after` go on with a span: the ` 30min` of `1h 30min`.
fn further_spans(after: &str) -> usize {
    let mut length = 0;
    loop {
        let rest = &after[length..];
        let next = rest.trim_start_matches(' ');
        let token = &next[..locate::token_length(next)];
        if !is_bare_span(token) {
            return length;
        }
        length += rest.len() - next.len() + token.len();
    }
}

/// A number with a unit, like `1min`, `-2s` or `7.5s`.
fn is_bare_span(token: &str) -> bool {
    let unsigned = token.trim_start_matches('-');
    unsigned.starts_with(|c: char| c.is_ascii_digit())
        && crate::human::parse_span(token).is_ok()
        && token.parse::<f64>().is_err()
}

/// `side-output` and `side_output` as `SideOutput`.
fn camel_case(name: &str) -> String {
    let capitalised = |word: &str| {
        let mut chars = word.chars();
        chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect::<String>())
    };
    name.split(['-', '_']).map(capitalised).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pipeline::{LatePolicy, WindowSpec};
    use crate::scenario::{
        Acks, ClockSpec, ColumnChoice, DelaySpec, Fault, Partitioner, RateShape, SourceSpec, Synthetic,
    };
    use crate::time::Span;
    use crate::window::trigger::TriggerSpec;

    const SAMPLE: &str = r#"(
        title: "x",
        source: Synthetic(rate: 2, delay: LogNormal(median: "7.5s", sigma: 0.8)),
        faults: [SlowOperator(from: "1min", until: "2min", factor: 7)],
    )"#;

    fn with(settings: &[&str]) -> Result<Scenario, String> {
        let mut scenario = parse::parse(SAMPLE, "sample").unwrap();
        let before = scenario.clone();
        match apply(&mut scenario, settings) {
            Ok(()) => Ok(scenario),
            Err(errors) => {
                assert_eq!(scenario, before, "a failed setting changes nothing");
                Err(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))
            }
        }
    }

    fn synthetic(scenario: &Scenario) -> &Synthetic {
        match &scenario.source {
            SourceSpec::Synthetic(source) => source,
            SourceSpec::Recording(_) | SourceSpec::Records(_) => panic!("a synthetic source"),
        }
    }

    #[test]
    fn numbers_texts_and_spans_are_set_as_typed() {
        let set = with(&["seed=8", "source.rate=50", "title=a = b, \"c\"", "duration=1h 30min"]).unwrap();
        assert_eq!(set.seed, 8);
        assert_eq!(synthetic(&set).rate, 50.0);
        assert_eq!(set.title, "a = b, \"c\"");
        assert_eq!(set.duration, Span::from_secs(5_400));
        assert_eq!(with(&["title=true"]).unwrap().title, "true");
        assert_eq!(with(&["title=\"7\""]).unwrap().title, "7");
        assert_eq!(with(&["about=None"]).unwrap().about, "None");
    }

    #[test]
    fn paths_step_through_variants_and_lists() {
        let set = with(&["pipeline.watermark.bound=1min", "source.delay.median=2s", "faults.0.factor=3"]).unwrap();
        assert_eq!(set.pipeline.watermark.bound(), Span::from_secs(60));
        let DelaySpec::LogNormal { median, sigma, .. } = synthetic(&set).delay else { panic!() };
        assert_eq!((median, sigma), (Span::from_secs(2), 0.8));
        let Fault::SlowOperator { factor, from, .. } = set.faults[0] else { panic!() };
        assert_eq!((factor, from), (3.0, Span::from_secs(60)));
    }

    #[test]
    fn whole_variants_are_set_with_or_without_quotes() {
        let window = WindowSpec::Sliding { size: Span::from_secs(60), slide: Span::from_secs(10), offset: Span::ZERO };
        for value in [r#"Sliding(size: "1min", slide: "10s")"#, "sliding(size:1min,slide:10s)"] {
            assert_eq!(with(&[&format!("pipeline.window={value}")]).unwrap().pipeline.window, window);
        }
        for value in ["SideOutput", "side-output", "side_output", "sideOutput"] {
            let set = with(&[&format!("pipeline.late={value}")]).unwrap();
            assert_eq!(set.pipeline.late, LatePolicy::SideOutput, "{value}");
        }
        let mixed =
            "delay=mixture([(weight: 1, delay: constant(delay:1min 30s)), (weight: 2, delay: constant(delay:0s))])";
        let DelaySpec::Mixture(parts) = synthetic(&with(&[mixed]).unwrap()).delay.clone() else { panic!() };
        assert_eq!(parts[0].delay, DelaySpec::Constant { delay: Span::from_secs(90) });
        assert_eq!(with(&["faults=[]"]).unwrap().faults, []);
        let set = with(&["source=recording(path: \"a.csv\")", "faults=[]", "source.columns.key=zone"]).unwrap();
        let SourceSpec::Recording(recording) = set.source else { panic!() };
        assert_eq!(recording.columns, ColumnChoice { key: Some("zone".to_owned()), ..ColumnChoice::default() });
    }

    #[test]
    fn what_is_not_there_yet_is_set_by_any_kind_of_value() {
        let beam = ["pipeline.dialect=beam", "pipeline.trigger=after-watermark()"];
        let early = with(&[beam[0], beam[1], "pipeline.trigger.early=after-count(5)"]).unwrap();
        let expected = TriggerSpec::AfterWatermark { early: Some(Box::new(TriggerSpec::AfterCount(5))), late: None };
        assert_eq!(early.pipeline.trigger, expected);
        let none = with(&[beam[0], beam[1], "trigger.early=after-count(5)", "trigger.early=none"]).unwrap();
        assert_eq!(none.pipeline.trigger, TriggerSpec::AfterWatermark { early: None, late: None });
    }

    #[test]
    fn producers_and_the_log_are_set_as_typed() {
        let set = with(&[
            "partitions=8",
            "partitioner=sticky(records: 50)",
            "producers.count=3",
            "producers.acks=one",
            "producers.clocks=[(producer: 2, offset: -1h 30min)]",
            "source.producers.clocks.0.drift_ppm=20",
            "rate_shape=diurnal(amplitude: 0.5)",
            "rate_shape.period=1h",
            "log.preset=pub-sub",
            "log.ack_deadline=1min",
        ])
        .unwrap();
        let source = synthetic(&set);
        assert_eq!((source.partitions, &source.partitioner), (8, &Partitioner::Sticky { records: 50 }));
        assert_eq!((source.producers.count, source.producers.acks), (3, Acks::One));
        let clock = ClockSpec { producer: 2, offset: Span::from_secs(-5_400), drift_ppm: 20.0 };
        assert_eq!(source.producers.clocks, [clock]);
        let day = RateShape::Diurnal { amplitude: 0.5, period: Span::from_secs(3_600), offset: Span::ZERO };
        assert_eq!(source.rate_shape, day);
        assert_eq!(set.log.rules().ack_deadline, Some(Span::from_secs(60)));
    }

    #[test]
    fn slips_in_the_names_of_producers_and_the_log_are_recognised() {
        let start = "producers.los: there is no field `los` in source.producers; did you mean `loss`? ";
        let failure = with(&["source.producers.los=0.1"]).unwrap_err();
        assert!(failure.contains(&start["producers.los".len()..]), "{failure}");
        check_failure(
            "log.preset=kineses",
            "log.preset: `Kineses` is not known here; did you mean `Kinesis`? The choices are Plain, Kafka, Kinesis, \
             PubSub, Redpanda, Pulsar",
        );
        check_failure(
            "rate_shape=diurnel(amplitude: 1)",
            "rate_shape: `Diurnel` is not known here; did you mean `Diurnal`? The choices are Constant, Steps, Ramp, \
             Diurnal, Burst",
        );
        check_failure(
            "partitioner=round-robbin",
            "partitioner: `RoundRobbin` is not known here; did you mean `RoundRobin`? The choices are KeyHash, \
             RoundRobin, Sticky, Explicit",
        );
    }

    #[test]
    fn short_paths_are_understood() {
        let set = with(&["bound=5s", "lateness=6s", "service_time=7ms", "queue_capacity=8", "window.size=9s"]).unwrap();
        assert_eq!(set.pipeline.watermark.bound(), Span::from_secs(5));
        assert_eq!(set.pipeline.allowed_lateness, Span::from_secs(6));
        assert_eq!(set.pipeline.service_time, Span::from_millis(7));
        assert_eq!(set.pipeline.queue_capacity, 8);
        assert_eq!(set.pipeline.window, WindowSpec::Tumbling { size: Span::from_secs(9), offset: Span::ZERO });
    }

    fn check_failure(setting: &str, expected: &str) {
        assert_eq!(with(&[setting]).unwrap_err(), expected);
    }

    #[test]
    fn unknown_paths_name_the_nearest_field_and_all_fields() {
        let start = "pipeline.windw.size: there is no field `windw` in pipeline; did you mean `window`? It has gate, ";
        assert!(with(&["pipeline.windw.size=1s"]).unwrap_err().starts_with(start));
        check_failure(
            "pipeline.window.slide=1s",
            "pipeline.window.slide: there is no field `slide` in pipeline.window (Tumbling); did you mean `size`? \
             It has size, offset",
        );
        check_failure("seed.x=1", "seed.x: there is no field `x`: seed has no fields");
        check_failure("faults.1.factor=1", "faults.1.factor: there is no field `1` in faults. It has 0");
        let start = "sede: there is no field `sede` in the scenario; did you mean `seed`? It has version, title, ";
        assert!(with(&["sede=1"]).unwrap_err().starts_with(start));
        assert!(with(&["=1"]).unwrap_err().contains("there is no field `` in the scenario."));
    }

    #[test]
    fn wrong_values_say_what_would_be_right() {
        check_failure("source.rate=fast", "source.rate: must be a number, found `fast`");
        check_failure("seed=1.5", "seed: must be a whole number, found `1.5`");
        check_failure("seed=", "seed: needs a value");
        check_failure("duration=30", "duration: \"30\" has no unit; write 30us, 30ms, 30s, 30min, 30h or 30d");
        check_failure(
            "pipeline.late=drpo",
            "pipeline.late: `Drpo` is not known here; did you mean `Drop`? The choices are Drop, SideOutput",
        );
        check_failure(
            "pipeline.window=tumbling(sise: 1s)",
            "pipeline.window.sise: unknown field in Tumbling; did you mean `size`? The fields are size, offset",
        );
        check_failure("bound", "bound: must be a field and a value, like pipeline.watermark.bound=30s");
        check_failure("seed=1, seed: 2", "seed: this field is there twice");
    }

    #[test]
    fn the_result_is_checked_as_a_whole() {
        check_failure(
            "window.size=0s",
            "pipeline.window.size: 0s is out of range: must be more than 0, at most 115740d",
        );
        let both = with(&["window.offset=70s", "window.size=2min"]).unwrap();
        assert_eq!(
            both.pipeline.window,
            WindowSpec::Tumbling { size: Span::from_secs(120), offset: Span::from_secs(70) }
        );
    }
}
