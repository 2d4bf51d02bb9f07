//! Records of aligned partitions, by a loop that asks after every event what may be read.

use highwater::pipeline::Pipeline;
use highwater::time::Span;

use crate::naive::{Input, Seen, claim, seen};

/// Records of aligned partitions, by a loop that asks after every event what may be read.
pub struct Aligned<'a> {
    pipeline: &'a Pipeline,
    all: Vec<Seen>,
    unread: Vec<usize>,
    queue: Vec<usize>,
    working: Option<(usize, i64)>,
    read: Vec<Seen>,
    finished: usize,
    silent_since: Vec<i64>,
    idle: Vec<bool>,
    output: i64,
    /// Places in order of reading, when they were handled, and the watermark that met them.
    found: Vec<(usize, i64, i64)>,
}

impl Aligned<'_> {
    pub fn run(input: &Input, pipeline: &Pipeline) -> Vec<(usize, i64, i64)> {
        let all = seen(input, 0);
        let Some(first) = all.first().map(|seen| seen.arrival) else { return Vec::new() };
        let partitions = all.iter().map(|seen| seen.partition + 1).max().unwrap_or(1);
        let mut naive = Aligned {
            pipeline,
            all,
            unread: Vec::new(),
            queue: Vec::new(),
            working: None,
            read: Vec::new(),
            finished: 0,
            silent_since: vec![first; partitions],
            idle: vec![false; partitions],
            output: i64::MIN,
            found: Vec::new(),
        };
        let mut arrived = 0;
        let mut now = first;
        while naive.finished < naive.all.len() {
            loop {
                if naive.working.is_some_and(|(_, until)| until == now) {
                    naive.finish(now);
                } else if naive.all.get(arrived).is_some_and(|seen| seen.arrival == now) {
                    naive.unread.push(arrived);
                    arrived += 1;
                } else if let Some(place) = naive.readable() {
                    naive.take(place, now);
                    naive.start(now);
                } else {
                    // Silence can end a pause, and then there is something to read at this instant.
                    naive.note_silence(arrived, now);
                    if naive.readable().is_none() {
                        break;
                    }
                }
            }
            now += 1;
        }
        naive.found
    }

    fn watermark(&self, partition: usize) -> i64 {
        let of: Vec<Seen> = self.read.iter().filter(|seen| seen.partition == partition).copied().collect();
        claim(self.pipeline.watermark, None, &self.all, &of, 0)
    }

    fn readable(&self) -> Option<usize> {
        if self.queue.len() >= self.pipeline.queue_capacity as usize {
            return None;
        }
        let left = |partition: usize| {
            self.all.iter().filter(|seen| seen.partition == partition).count()
                - self.read.iter().filter(|seen| seen.partition == partition).count()
        };
        let partitions = 0..self.idle.len();
        let counts = |&partition: &usize| !self.idle[partition] && left(partition) > 0;
        let watermarks = partitions.filter(counts).map(|partition| self.watermark(partition));
        let least = watermarks.filter(|&watermark| watermark > i64::MIN).min();
        let drift = self.pipeline.watermark_options.max_drift.map_or(0, Span::micros);
        let is_paused = |place: usize| {
            let own = self.watermark(self.all[place].partition);
            own > i64::MIN && least.is_some_and(|least| own > least + drift)
        };
        self.unread.iter().position(|&place| !is_paused(place))
    }

    fn start(&mut self, now: i64) {
        if self.working.is_none() && !self.queue.is_empty() {
            self.working = Some((self.queue.remove(0), now + self.pipeline.service_time.micros()));
        }
    }

    /// The source reads a record, and makes the watermark that waits behind it.
    fn take(&mut self, place: usize, now: i64) {
        let place = self.unread.remove(place);
        let record = self.all[place];
        self.found.push((place, i64::MAX, self.output));
        self.queue.push(place);
        self.read.push(record);
        self.silent_since[record.partition] = now;
        self.idle[record.partition] = false;
        self.update();
    }

    fn finish(&mut self, now: i64) {
        if self.working.take().is_some() {
            self.found[self.finished].1 = now;
            self.finished += 1;
        }
        self.start(now);
    }

    fn note_silence(&mut self, arrived: usize, now: i64) {
        let Some(idle_after) = self.pipeline.watermark_options.idle_after.map(Span::micros) else { return };
        for partition in 0..self.idle.len() {
            let came = self.all[..arrived].iter().filter(|seen| seen.partition == partition).count();
            let done = self.read.iter().filter(|seen| seen.partition == partition).count();
            self.idle[partition] |= came == done && now - self.silent_since[partition] > idle_after;
        }
        self.update();
    }

    fn update(&mut self) {
        let all = || (0..self.idle.len()).map(|partition| (self.idle[partition], self.watermark(partition)));
        let active = all().filter(|(is_idle, _)| !is_idle).map(|(_, watermark)| watermark).min();
        let claim = active.or_else(|| all().map(|(_, watermark)| watermark).max());
        self.output = self.output.max(claim.unwrap_or(i64::MIN));
    }
}
