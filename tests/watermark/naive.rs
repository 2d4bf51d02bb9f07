//! The naive watermark: no timers, no tick left out, no running state. After every instant it works out each
//! partition's watermark anew from the list of records handled so far.

use highwater::pipeline::{Emit, Marker, Pipeline, WatermarkSpec};
use highwater::time::Span;

/// One record: microseconds since the record before, event time, partition, value.
pub type Input = Vec<(i64, i64, u32, i32)>;

/// A record as the naive watermark sees it.
#[derive(Clone, Copy, Debug)]
pub struct Seen {
    pub index: usize,
    pub event_time: i64,
    pub partition: usize,
    pub value: f64,
    pub arrival: i64,
    pub handled: i64,
}

pub fn seen(input: &Input, service: i64) -> Vec<Seen> {
    let (mut arrival, mut free_at) = (0, i64::MIN);
    let see = |(index, &(after, event_time, partition, value)): (usize, &(i64, i64, u32, i32))| {
        arrival += after;
        free_at = free_at.max(arrival) + service;
        let (partition, value, handled) = (partition as usize, f64::from(value), free_at);
        Seen { index, event_time, partition, value, arrival, handled }
    };
    input.iter().enumerate().map(see).collect()
}

/// The watermark of one input at `now`, from the records that it has handled by then.
pub fn claim(spec: WatermarkSpec, max_future: Option<Span>, all: &[Seen], handled: &[Seen], now: i64) -> i64 {
    if let WatermarkSpec::FixedLag { lag } = spec {
        return now - lag.micros();
    }
    let is_sane = |seen: &&Seen| max_future.is_none_or(|most| seen.event_time - seen.arrival <= most.micros());
    let sane: Vec<Seen> = handled.iter().filter(is_sane).copied().collect();
    let newest = |known: &[Seen]| known.iter().map(|seen| seen.arrival).max().unwrap_or_default();
    let delays = |known: &[Seen]| known.iter().map(|seen| seen.arrival - seen.event_time).collect::<Vec<_>>();
    let mut watermark = i64::MIN;
    for known in (1..=sane.len()).map(|count| &sane[..count]) {
        let last = known[known.len() - 1];
        let claimed = match spec {
            WatermarkSpec::FixedLag { .. } | WatermarkSpec::FromSource => None,
            WatermarkSpec::Bounded { bound } => Some(last.event_time - bound.micros()),
            WatermarkSpec::Monotonous => Some(last.event_time),
            WatermarkSpec::Punctuated { marker, bound } => {
                let is_marker = match marker {
                    Marker::EveryNth(n) => known.len().is_multiple_of(n as usize),
                    Marker::ValueEquals(value) => last.value == value,
                };
                is_marker.then(|| last.event_time - bound.micros())
            }
            WatermarkSpec::Percentile { quantile, sample } => {
                let mut recent = delays(&known[known.len().saturating_sub(sample as usize)..]);
                recent.sort_unstable();
                let enough = [(0.1, 1), (0.5, 2), (0.9, 10), (1.0, usize::MAX)];
                let enough = enough.iter().find(|(q, _)| *q == quantile).map_or(0, |(_, enough)| *enough);
                let tenths = (quantile * 10.0).round() as usize;
                let rank = (tenths * recent.len()).div_ceil(10);
                (recent.len() >= enough.min(sample as usize)).then(|| newest(known) - recent[rank - 1])
            }
            WatermarkSpec::Adaptive { deviations, min, max } => {
                let learned = delays(known).into_iter().fold(None, |before: Option<(i64, i64)>, delay: i64| {
                    Some(before.map_or((8 * delay, 2 * delay.abs()), |(mean, deviation)| {
                        let error = delay - mean / 8;
                        (mean + error, deviation + error.abs() - deviation / 4)
                    }))
                });
                let (mean, deviation) = learned.expect("there is a last record");
                let distance = mean / 8 + i64::from(deviations) * (deviation / 4);
                Some(newest(known) - distance.max(min.micros()).min(max.micros()))
            }
            WatermarkSpec::Perfect => all[last.index + 1..].iter().map(|seen| seen.event_time).min(),
        };
        watermark = watermark.max(claimed.unwrap_or(i64::MIN));
    }
    watermark
}

/// What silence a check has found so far, as Flink counts it.
#[derive(Clone, Copy, Default)]
pub struct Silence {
    since: Option<i64>,
    is_idle: bool,
    seen: usize,
}

/// (processing time, watermark) of every rise, the watermark that met every record, and every
/// change of a partition as (processing time, partition, is idle).
///
/// The source makes the watermark when it reads, which here is when a record arrives; a rise then
/// waits behind the records that were read before it.
pub type Found = (Vec<(i64, i64)>, Vec<i64>, Vec<(i64, usize, bool)>);

pub struct Naive<'a> {
    pipeline: &'a Pipeline,
    all: Vec<Seen>,
    inputs: usize,
    silences: Vec<Silence>,
    /// What every input has handed on.
    said: Vec<i64>,
    /// By input: the last claim, and from how many records.
    claims: Vec<(usize, i64)>,
    output: i64,
    found: Found,
    /// Per rise: how many records had been read.
    read_before: Vec<usize>,
}

impl Naive<'_> {
    pub fn run(input: &Input, pipeline: &Pipeline) -> Found {
        // At the source, where nothing takes time; and in the operator.
        let (all, done) = (seen(input, 0), seen(input, pipeline.service_time.micros()));
        let options = pipeline.watermark_options;
        let is_split = options.per_partition && pipeline.watermark != WatermarkSpec::Perfect;
        let inputs = if is_split { all.iter().map(|seen| seen.partition + 1).max().unwrap_or(1) } else { 1 };
        let silences = vec![Silence::default(); inputs];
        let found = (Vec::new(), Vec::new(), Vec::new());
        let mut naive = Naive {
            pipeline,
            all,
            inputs,
            silences,
            said: vec![i64::MIN; inputs],
            claims: vec![(0, i64::MIN); inputs],
            output: i64::MIN,
            found,
            read_before: Vec::new(),
        };
        let (Some(first), Some(last)) = (naive.all.first().copied(), done.last()) else {
            return naive.found;
        };
        for silence in &mut naive.silences {
            silence.since = (options.emit == Emit::PerRecord).then_some(first.arrival);
        }
        for now in first.arrival..=last.handled {
            for record in naive.all.clone().into_iter().filter(|record| record.handled == now) {
                naive.found.1.push(naive.output);
                if options.emit == Emit::PerRecord {
                    naive.after_record(record);
                }
            }
            naive.after_instant(first.arrival, now);
        }
        for (read, (at, _)) in naive.read_before.iter().zip(&mut naive.found.0) {
            let waits_for = read.checked_sub(1).map_or(i64::MIN, |last: usize| done[last].handled);
            *at = waits_for.max(*at);
        }
        naive.found
    }

    fn of(&self, input: usize) -> impl Iterator<Item = &Seen> {
        self.all.iter().filter(move |seen| self.inputs == 1 || seen.partition == input)
    }

    fn claim(&mut self, input: usize, up_to: usize, now: i64) -> i64 {
        let known = self.claims[input];
        if known.0 == up_to && !matches!(self.pipeline.watermark, WatermarkSpec::FixedLag { .. }) {
            return known.1;
        }
        self.claims[input] = (up_to, self.claim_anew(input, up_to, now));
        self.claims[input].1
    }

    fn claim_anew(&self, input: usize, up_to: usize, now: i64) -> i64 {
        let handled: Vec<Seen> = self.of(input).filter(|seen| seen.index < up_to).copied().collect();
        claim(self.pipeline.watermark, self.pipeline.watermark_options.max_future, &self.all, &handled, now)
    }

    fn set_idle(&mut self, input: usize, is_idle: bool, now: i64) {
        if self.silences[input].is_idle != is_idle {
            self.silences[input].is_idle = is_idle;
            self.found.2.push((now, input, is_idle));
        }
    }

    fn after_record(&mut self, record: Seen) {
        let input = if self.inputs == 1 { 0 } else { record.partition };
        self.silences[input].since = Some(record.handled);
        self.set_idle(input, false, record.handled);
        self.said[input] = self.said[input].max(self.claim(input, record.index + 1, record.handled));
        self.update(record.handled);
    }

    fn after_instant(&mut self, origin: i64, now: i64) {
        let idle_after = self.pipeline.watermark_options.idle_after.map(Span::micros);
        let interval = match self.pipeline.watermark_options.emit {
            Emit::PerRecord => None,
            Emit::Periodic { interval } => Some(interval.micros()),
        };
        if interval.is_some_and(|interval| now == origin || (now - origin) % interval != 0) {
            return;
        }
        for input in 0..self.inputs {
            let on_the_way = self.of(input).filter(|seen| seen.arrival <= now && now < seen.handled).count();
            let handled = self.of(input).filter(|seen| seen.handled <= now).count();
            let mut silence = self.silences[input];
            let is_new = silence.seen != handled || (on_the_way > 0 && !silence.is_idle);
            let too_long = |since| idle_after.is_some_and(|idle_after| now - since > idle_after);
            let turns_idle = match (interval, silence.since) {
                (None, since) => on_the_way == 0 && since.is_some_and(too_long),
                (Some(_), _) if is_new => {
                    silence.since = None;
                    false
                }
                (Some(_), Some(since)) => too_long(since),
                (Some(_), None) => {
                    silence.since = Some(now);
                    false
                }
            };
            silence.seen = handled;
            self.silences[input] = silence;
            if turns_idle || interval.is_some() {
                self.set_idle(input, turns_idle, now);
            }
            if interval.is_some() && !turns_idle {
                let up_to = self.all.iter().filter(|seen| seen.handled <= now).count();
                self.said[input] = self.said[input].max(self.claim(input, up_to, now));
            }
        }
        self.update(now);
    }

    fn update(&mut self, now: i64) {
        let active = (0..self.inputs).filter(|&input| !self.silences[input].is_idle);
        let least = active.map(|input| self.said[input]).min();
        let claim = least.or_else(|| self.said.iter().copied().max()).unwrap_or(i64::MIN);
        if claim > self.output {
            self.output = claim;
            self.found.0.push((now, claim));
            self.read_before.push(self.found.1.len());
        }
    }
}
