//! Putting a run together: the tasks, the channels between them, and a named thread for each.
//!
//! A thread that fails, or that leaves early, takes the whole run with it: without it nothing could
//! come to an end, and somebody may be waiting for the clock and not for a channel.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use crate::record::Stream;
use crate::runtime::threads::batch::Batch;
use crate::runtime::threads::channel::{Inbox, Inlet, Left, Outlet, channel};
use crate::runtime::threads::config::{ThreadsConfig, origin_of};
use crate::runtime::threads::control::Control;
use crate::runtime::threads::emission::Emission;
use crate::runtime::threads::error::StartError;
use crate::runtime::threads::layout::Layout;
use crate::runtime::threads::meter::Meter;
use crate::runtime::threads::progress::{Gauge, Metered, Meters};
use crate::runtime::threads::run::{Handle, Threads};
use crate::runtime::threads::sink::{self, PaneSink};
use crate::runtime::threads::source_task::SourceTask;
use crate::runtime::threads::source_thread::SourceThread;
use crate::runtime::threads::window_thread::WindowThread;
use crate::runtime::threads::work::Worker;
use crate::window::aggregate::Accumulator;

/// Starts a run of a checked configuration.
pub fn start<A, E, S>(stream: &Arc<Stream>, config: &ThreadsConfig, sink: S) -> Result<Handle<S>, StartError>
where
    A: Accumulator + Send + 'static,
    E: Emission,
    S: PaneSink<E>,
{
    let tasks = config.pipeline.tasks;
    let control = Control::new(origin_of(stream), config.pace.speed(), tasks.sources, config.starts_paused);
    let control = Arc::new(control);
    let mut meters = meters(config, &control);
    let (source_outlets, window_inlets) = connect::<Batch>(&mut meters, config, &control);
    let (window_outlets, sink_inlets) = connect_sink::<Vec<E>>(&mut meters, config, &control);
    let layout = Layout::new(config, stream);
    let spawner = Spawner { control: &control };

    let service = config.work.as_ref().map(|work| work.sink.clone());
    let sink_worker = Worker::new(service);
    let inbox = Inbox::new(sink_inlets, control.cancelled());
    let sink_thread =
        spawner.spawn(&meters.sink, move |control, meter| sink::run(sink, inbox, sink_worker, control, meter))?;
    let mut window_threads = Vec::new();
    for (task, ((metered, inlets), outlet)) in meters.windows.iter().zip(window_inlets).zip(window_outlets).enumerate()
    {
        let service = config.work.as_ref().and_then(|work| work.windows.get(task)).cloned();
        let thread = WindowThread::<A, E> {
            task: layout.window(config),
            inbox: Inbox::new(inlets, control.cancelled()),
            outlet,
            batch_panes: config.batch_records as usize,
            worker: Worker::new(service),
        };
        window_threads.push(spawner.spawn(metered, move |control, meter| thread.run(control, meter))?);
    }
    let mut source_threads = Vec::new();
    for ((index, metered), outlets) in (0..).zip(&meters.sources).zip(source_outlets) {
        let thread =
            SourceThread { task: SourceTask::new(config, &layout, index), exchange: layout.exchange(config), outlets };
        source_threads.push(spawner.spawn(metered, move |control, meter| thread.run(control, meter))?);
    }
    let threads = Threads { sources: source_threads, windows: window_threads, sink: sink_thread };
    Ok(Handle { config: config.clone(), control, meters, threads: Some(threads) })
}

fn meters(config: &ThreadsConfig, control: &Control) -> Meters {
    let metered = |name: String| Metered { name: name.into(), meter: Arc::new(Meter::new(control.wall())) };
    Meters {
        sources: (0..config.sources()).map(|task| metered(format!("highwater-source-{task}"))).collect(),
        windows: (0..config.windows()).map(|task| metered(format!("highwater-window-{task}"))).collect(),
        sink: metered("highwater-sink".to_owned()),
        gauges: Vec::new(),
    }
}

/// A channel from one thread to another, with its gauge.
fn join<T>(
    from: &Metered,
    to: &Metered,
    gauges: &mut Vec<Gauge>,
    config: &ThreadsConfig,
    control: &Control,
) -> (Outlet<T>, Inlet<T>) {
    let capacity = config.channel_batches;
    let (outlet, inlet, depth) = channel(capacity as usize, control.cancelled());
    let (from, to) = (Arc::clone(&from.name), Arc::clone(&to.name));
    gauges.push(Gauge { from, to, depth, capacity: u64::from(capacity) });
    (outlet, inlet)
}

/// A channel from every source to every window task: the outlets by source, the inlets by window task.
#[expect(clippy::type_complexity, reason = "the two ends of a grid of channels, taken apart at once")]
fn connect<T>(
    meters: &mut Meters,
    config: &ThreadsConfig,
    control: &Control,
) -> (Vec<Vec<Outlet<T>>>, Vec<Vec<Inlet<T>>>) {
    let Meters { sources, windows, gauges, .. } = meters;
    let mut inlets: Vec<Vec<Inlet<T>>> = windows.iter().map(|_| Vec::new()).collect();
    let outlets_of = |source: &Metered| -> Vec<Outlet<T>> {
        let ends = windows.iter().zip(&mut inlets).map(|(window, inlets)| {
            let (outlet, inlet) = join(source, window, gauges, config, control);
            inlets.push(inlet);
            outlet
        });
        ends.collect()
    };
    let outlets = sources.iter().map(outlets_of).collect();
    (outlets, inlets)
}

/// A channel from every window task to the sink.
fn connect_sink<T>(meters: &mut Meters, config: &ThreadsConfig, control: &Control) -> (Vec<Outlet<T>>, Vec<Inlet<T>>) {
    let Meters { windows, sink, gauges, .. } = meters;
    windows.iter().map(|window| join(window, sink, gauges, config, control)).unzip()
}

/// Starts threads that cancel the run when they fail.
struct Spawner<'a> {
    control: &'a Arc<Control>,
}

impl Spawner<'_> {
    fn spawn<T, F>(&self, metered: &Metered, body: F) -> Result<JoinHandle<Result<T, Left>>, StartError>
    where
        T: Send + 'static,
        F: FnOnce(&Control, &Meter) -> Result<T, Left> + Send + 'static,
    {
        let control = Arc::clone(self.control);
        let meter = Arc::clone(&metered.meter);
        let guarded = move || {
            let mut fuse = Fuse { control: &control, meter: &meter, holds: false };
            let end = body(&control, &meter);
            fuse.holds = end.is_ok();
            end
        };
        Builder::new().name(metered.name.to_string()).spawn(guarded).map_err(|error| {
            // Those that have started must not wait for ever.
            self.control.cancel();
            StartError::Spawn { thread: metered.name.to_string(), message: error.to_string() }
        })
    }
}

/// Cancels the run when its thread ends in any way but the right one, a panic included.
struct Fuse<'a> {
    control: &'a Control,
    meter: &'a Meter,
    holds: bool,
}

impl Drop for Fuse<'_> {
    fn drop(&mut self) {
        self.meter.end();
        if !self.holds {
            self.control.cancel();
        }
    }
}
