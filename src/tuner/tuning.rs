//! A stream and a pipeline to be tuned: closed form where it holds, runs of the engine elsewhere.

use std::sync::{Arc, OnceLock};

use crate::pipeline::WindowSpec;
use crate::record::Stream;
use crate::runtime::RunConfig;
use crate::tuner::by_engine::{self, Census};
use crate::tuner::form::{Form, form};
use crate::tuner::parallel::{self, Cancelled, Ticker, Watch};
use crate::tuner::point::{Point, Source, window_length};
use crate::tuner::profile::Profile;
use crate::tuner::scan::Scan;
use crate::tuner::setting::Setting;

/// Beyond so many records, runs of the engine are made one after the other: each writes some hundred
/// bytes for every record, and several at once would not fit in memory.
const RECORDS_SIDE_BY_SIDE: usize = 2_000_000;

/// A stream and everything of a run but the three knobs.
#[derive(Clone, Debug)]
pub struct Tuner {
    stream: Arc<Stream>,
    config: RunConfig,
    profile: OnceLock<Arc<Profile>>,
}

/// What is done side by side.
enum Work {
    /// The scan of the window at this place.
    Scan(usize),
    /// What all of them share.
    Behind,
}

impl Tuner {
    /// Nothing is computed yet. The window, bound and lateness of the pipeline are not looked at.
    pub const fn new(stream: Arc<Stream>, config: RunConfig) -> Self {
        Self { stream, config, profile: OnceLock::new() }
    }

    /// The records.
    pub const fn stream(&self) -> &Arc<Stream> {
        &self.stream
    }

    /// How they are run.
    pub const fn config(&self) -> &RunConfig {
        &self.config
    }

    /// How the points of these windows are found.
    pub fn form(&self, window: WindowSpec) -> Form {
        form(&self.stream, &self.config, window)
    }

    /// Everything at all bounds and latenesses of these windows, side by side, in their order; `None`
    /// for windows without a closed form ([`Tuner::form`]).
    ///
    /// # Errors
    /// When `watch` breaks off.
    pub fn scans(&self, windows: &[WindowSpec], watch: &Watch<'_>) -> Result<Vec<Option<Scan>>, Cancelled> {
        let is_closed = |window: &&WindowSpec| self.form(**window) == Form::Closed;
        let records = self.stream.len() as u64;
        let passes = windows.iter().filter(is_closed).count() as u64 + u64::from(self.profile.get().is_none());
        let ticker = Ticker::new(watch, passes * records);
        let profile = self.profile(&ticker)?;
        let at_end = self.config.pipeline.at_end;
        // The shortest windows are the most work, so they come first.
        let mut order: Vec<usize> = (0..windows.len()).filter(|&it| self.form(windows[it]) == Form::Closed).collect();
        order.sort_by_key(|&place| window_length(windows[place]));
        let work: Vec<Work> = order.iter().map(|&place| Work::Scan(place)).chain([Work::Behind]).collect();
        let scan = |work: &Work| match *work {
            Work::Scan(place) => Scan::of(&profile, windows[place], at_end, &ticker).map(|scan| Some((place, scan))),
            Work::Behind => {
                profile.prepare();
                Some(None)
            }
        };
        let done = parallel::map(&work, scan).ok_or(Cancelled)?;
        let mut scans: Vec<Option<Scan>> = windows.iter().map(|_| None).collect();
        for (place, scan) in done.into_iter().flatten() {
            scans[place] = Some(scan);
        }
        Ok(scans)
    }

    /// The same of one window.
    ///
    /// # Errors
    /// When `watch` breaks off.
    pub fn scan(&self, window: WindowSpec, watch: &Watch<'_>) -> Result<Option<Scan>, Cancelled> {
        Ok(self.scans(&[window], watch)?.pop().flatten())
    }

    /// The points at these settings, in their order: from scans where the closed form holds, else by one
    /// run of the engine each.
    ///
    /// # Errors
    /// When `watch` breaks off.
    ///
    /// # Panics
    /// When a setting makes the pipeline have [`crate::pipeline::Pipeline::problems`].
    pub fn points(&self, settings: &[Setting], watch: &Watch<'_>) -> Result<Vec<Point>, Cancelled> {
        let mut windows: Vec<WindowSpec> = Vec::new();
        for setting in settings {
            if !windows.contains(&setting.window) {
                windows.push(setting.window);
            }
        }
        let (closed, others): (Vec<_>, Vec<_>) = windows.into_iter().partition(|&it| self.form(it) == Form::Closed);
        let scans: Vec<Scan> = self.scans(&closed, watch)?.into_iter().flatten().collect();
        let of_engine: Vec<Setting> = settings.iter().copied().filter(|it| others.contains(&it.window)).collect();
        let mut run = self.run(&of_engine, watch)?.into_iter();
        let find = |setting: &Setting| match scans.iter().find(|scan| scan.window() == setting.window) {
            Some(scan) => Some(self.finish(scan.point(setting.bound, setting.lateness))),
            None => run.next(),
        };
        settings.iter().map(find).collect::<Option<Vec<Point>>>().ok_or(Cancelled)
    }

    /// A point of a scan, without what the closed form does not know of the aggregate.
    pub fn finish(&self, point: Point) -> Point {
        let is_unknown = point.source == Source::ClosedForm && self.config.pipeline.aggregate.is_special();
        Point { max_state_bytes: point.max_state_bytes.filter(|_| !is_unknown), ..point }
    }

    /// The points at these settings by runs of the engine, also where the closed form holds; side by
    /// side, in their order.
    ///
    /// # Errors
    /// When `watch` breaks off, which it can between runs.
    ///
    /// # Panics
    /// When a setting makes the pipeline have [`crate::pipeline::Pipeline::problems`].
    pub fn run(&self, settings: &[Setting], watch: &Watch<'_>) -> Result<Vec<Point>, Cancelled> {
        let records = self.stream.len();
        let ticker = Ticker::new(watch, (settings.len() * records) as u64);
        let mut censuses: Vec<(WindowSpec, Census)> = Vec::new();
        for setting in settings {
            if !censuses.iter().any(|(window, _)| *window == setting.window) {
                censuses.push((setting.window, Census::of(&self.stream, setting.window)));
            }
        }
        let run = |setting: &Setting| {
            let (_, census) = censuses.iter().find(|(window, _)| *window == setting.window)?;
            ticker.tick(0)?;
            let point = by_engine::point(&self.stream, &self.config, *setting, census);
            ticker.tick(records)?;
            Some(point)
        };
        let points = if records > RECORDS_SIDE_BY_SIDE {
            settings.iter().map(run).collect()
        } else {
            parallel::map(settings, run)
        };
        points.ok_or(Cancelled)
    }

    fn profile(&self, ticker: &Ticker<'_>) -> Result<Arc<Profile>, Cancelled> {
        if let Some(profile) = self.profile.get() {
            return Ok(Arc::clone(profile));
        }
        let profile = Arc::new(Profile::of(&self.stream, ticker).ok_or(Cancelled)?);
        Ok(Arc::clone(self.profile.get_or_init(|| profile)))
    }
}
