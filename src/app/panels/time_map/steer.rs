//! What pointer and keys do to the view.

use egui::{EventFilter, Key, Modifiers, PointerButton, Pos2, Rect, Response, Ui, Vec2, vec2};

use crate::app::panels::time_map::camera::{Axes, Camera, Extent};
use crate::app::panels::time_map::panel::{Cache, Mode, TimeMapState};
use crate::app::panels::time_map::{delay, zoom};
use crate::app::view::View;

/// Moves the view as it was asked to in this frame. Where everything is in the plot.
pub fn look(ui: &Ui, response: &Response, view: &View<'_>, state: &mut TimeMapState, plot: Rect) -> Axes {
    let TimeMapState { cache: Some(cache), camera, delays, mode, zoom, .. } = state else {
        return Camera::default().axes(plot);
    };
    let as_delays = *mode == Mode::Delay;
    let here = match *mode {
        Mode::Delay => delays.unwrap_or_else(|| delay::camera(view.run, &cache.extent)),
        mode => place(*camera, mode, *zoom, cache, view, plot),
    };
    let equal = || here.with_scale(here.axes(plot).event.us_per_px(), plot.size());
    let asked_equal = (*mode == Mode::Equal).then(equal);
    let mut moved = asked_equal
        .or_else(|| moved(ui, response, here, plot))
        .or_else(|| asked(ui, response, view, cache, here, plot));
    if response.double_clicked() || wants(ui, response, Key::F) {
        *delays = None;
        *mode = if as_delays { Mode::Delay } else { Mode::Fit };
    } else if as_delays {
        *delays = moved.map(|to| to.clamped(&delay::extent(view.run, &cache.extent))).or(*delays);
    } else if let Some(to) = moved {
        let closer = to.proc.length() / here.proc.length();
        if *mode == Mode::Follow && (closer - 1.0).abs() > 1e-9 {
            // The view goes on following, closer or from further away.
            *zoom = (*zoom * closer).clamp(1e-4, 1e3);
            moved = Some(place(*camera, *mode, *zoom, cache, view, plot));
        } else {
            *mode = Mode::Free { equal: to.has_one_scale(plot.size()) };
        }
    }
    let reach = Extent { event: cache.extent.event.with_margin(1.0), ..cache.extent };
    let now_at = if as_delays { delays.unwrap_or(here) } else { moved.unwrap_or(here).clamped(&reach) };
    if !as_delays {
        *camera = Some(now_at);
    }
    Axes { delays: as_delays, ..now_at.axes(plot) }
}

/// Where the view is before the pointer moves it.
fn place(camera: Option<Camera>, mode: Mode, zoom: f64, cache: &Cache, view: &View<'_>, plot: Rect) -> Camera {
    match (mode, camera) {
        (Mode::Free { .. } | Mode::Equal, Some(camera)) => camera,
        (Mode::Fit, _) => cache.extent.whole(plot.size()),
        _ => {
            let scale = cache.extent.comfortable_scale(plot.height()) * zoom;
            cache.extent.following(view.now, scale, plot.size())
        }
    }
}

/// The view after dragging, zooming and arrow keys; `None` when nothing moved it.
fn moved(ui: &Ui, response: &Response, camera: Camera, plot: Rect) -> Option<Camera> {
    if response.dragged_by(PointerButton::Primary) && response.drag_delta() != Vec2::ZERO {
        return Some(camera.dragged(response.drag_delta(), plot.size()));
    }
    if response.has_focus() {
        let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    }
    let modifiers: &[Modifiers] = match (response.has_focus(), response.hovered()) {
        (true, _) => &[Modifiers::NONE, Modifiers::ALT],
        (_, true) => &[Modifiers::ALT],
        _ => &[],
    };
    if let Some(by) = modifiers.iter().find_map(|&modifiers| arrow_step(ui, modifiers)) {
        return Some(camera.dragged(by * plot.size(), plot.size()));
    }
    let axes = camera.axes(plot);
    let about = |at: Pos2, factor: Vec2| Some(camera.zoomed(factor, axes.event.at(at.x), axes.proc.at(at.y)));
    if response.has_focus() || response.hovered() {
        let key = |key: Key| ui.input(|input| input.modifiers.is_none() && input.key_pressed(key));
        match (key(Key::Plus) || key(Key::Equals), key(Key::Minus)) {
            (true, _) => return about(plot.center(), Vec2::splat(0.8)),
            (_, true) => return about(plot.center(), Vec2::splat(1.25)),
            _ => {}
        }
    }
    let at = response.hover_pos()?;
    let (scroll, zoom, modifiers) =
        ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta_2d(), input.modifiers));
    if zoom != Vec2::splat(1.0) {
        return about(at, vec2(1.0 / zoom.x, 1.0 / zoom.y));
    }
    if scroll == Vec2::ZERO {
        None
    } else if modifiers.shift {
        Some(camera.dragged(scroll, plot.size()))
    } else if modifiers.alt {
        // Across alone: the scale of delays stays.
        about(at, vec2((-(scroll.y + scroll.x) * 0.0035).exp(), 1.0))
    } else {
        about(at, Vec2::splat((-(scroll.y + scroll.x) * 0.0035).exp()))
    }
}

/// Whether a key was pressed for the map: under the pointer, or with the focus.
fn wants(ui: &Ui, response: &Response, key: Key) -> bool {
    let is_for_map = response.has_focus() || (response.hovered() && !ui.ctx().text_edit_focused());
    is_for_map && ui.input_mut(|input| input.consume_key(Modifiers::NONE, key))
}

/// The view that was asked for by a key: the selection.
fn asked(ui: &Ui, response: &Response, view: &View<'_>, cache: &Cache, here: Camera, plot: Rect) -> Option<Camera> {
    wants(ui, response, Key::Z).then(|| zoom::to_selection(view, &cache.model, here, plot))?
}

/// A tenth of the plot in the direction of an arrow key; the content moves against it.
fn arrow_step(ui: &Ui, modifiers: Modifiers) -> Option<Vec2> {
    let steps = [
        (Key::ArrowLeft, vec2(0.1, 0.0)),
        (Key::ArrowRight, vec2(-0.1, 0.0)),
        (Key::ArrowUp, vec2(0.0, 0.1)),
        (Key::ArrowDown, vec2(0.0, -0.1)),
    ];
    let pressed = |&(key, _): &(Key, Vec2)| ui.input_mut(|input| input.consume_key(modifiers, key));
    steps.into_iter().find(pressed).map(|(_, by)| by)
}
