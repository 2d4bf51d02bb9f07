//! An interface without a window: runs its frames with made-up time and gives back what they look like.
//!
//! Time advances by a fixed step per frame and there are no events but those the caller pushes, so the same interface
//! gives the same picture on every machine. Fonts and theme are the caller's, set on [`Headless::context`].

use egui::{Color32, Context, Event, RawInput, Rect, Ui, Vec2, ViewportId, pos2};
use image::RgbaImage;

use super::{Canvas, Textures};

/// The size of an interface without a window.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeadlessOptions {
    /// Width and height in points.
    pub size: Vec2,
    /// Pixels of the picture for each point.
    pub pixels_per_point: f32,
    /// Seconds between two frames. Long steps let animations end soon.
    pub seconds_per_frame: f32,
}

impl Default for HeadlessOptions {
    /// 1600 by 1000 points at one pixel each, sixty frames a second.
    fn default() -> Self {
        Self { size: Vec2::new(1600.0, 1000.0), pixels_per_point: 1.0, seconds_per_frame: 1.0 / 60.0 }
    }
}

/// What a frame came to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameWork {
    /// Corners of triangles.
    pub vertices: usize,
    /// Triangles.
    pub triangles: usize,
}

/// An interface without a window.
pub struct Headless {
    context: Context,
    options: HeadlessOptions,
    textures: Textures,
    frames: u32,
    events: Vec<Event>,
}

impl Headless {
    /// A fresh egui context of this size; nothing runs yet.
    pub fn new(options: HeadlessOptions) -> Self {
        let context = Context::default();
        context.set_os(egui::os::OperatingSystem::Nix);
        Self { context, options, textures: Textures::new(), frames: 0, events: Vec::new() }
    }

    /// The context, to set fonts and styles before the first frame.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// Adds an event (a pointer or a key) to the next frame.
    pub fn push_event(&mut self, event: Event) {
        self.events.push(event);
    }

    /// Runs the interface for `frames` frames (at least one) and draws the last over `background`. Interfaces
    /// need two to settle their layout.
    pub fn run(&mut self, frames: u32, background: Color32, mut interface: impl FnMut(&mut Ui)) -> RgbaImage {
        for _ in 1..frames {
            let output = self.frame(&mut interface);
            drop(output.shapes);
        }
        let output = self.frame(&mut interface);
        let pixels = (self.options.size * output.pixels_per_point).round();
        let mut canvas = Canvas::new(pixels.x as u32, pixels.y as u32, background);
        let primitives = self.context.tessellate(output.shapes, output.pixels_per_point);
        canvas.paint(&self.textures, &primitives, output.pixels_per_point);
        canvas.to_image()
    }

    /// Runs the interface for one frame and tessellates it, without drawing: what a window with a graphics
    /// card asks of the processor.
    pub fn tessellate(&mut self, mut interface: impl FnMut(&mut Ui)) -> FrameWork {
        let output = self.frame(&mut interface);
        let primitives = self.context.tessellate(output.shapes, output.pixels_per_point);
        let mut work = FrameWork::default();
        for primitive in &primitives {
            if let egui::epaint::Primitive::Mesh(mesh) = &primitive.primitive {
                work.vertices += mesh.vertices.len();
                work.triangles += mesh.indices.len() / 3;
            }
        }
        work
    }

    /// One frame of the interface; its textures are taken over.
    fn frame(&mut self, interface: &mut impl FnMut(&mut Ui)) -> egui::FullOutput {
        let mut input = RawInput {
            screen_rect: Some(Rect::from_min_size(pos2(0.0, 0.0), self.options.size)),
            max_texture_side: Some(8192),
            time: Some(f64::from(self.frames) * f64::from(self.options.seconds_per_frame)),
            predicted_dt: self.options.seconds_per_frame,
            events: std::mem::take(&mut self.events),
            focused: true,
            ..RawInput::default()
        };
        input.viewports.entry(ViewportId::ROOT).or_default().native_pixels_per_point =
            Some(self.options.pixels_per_point);
        self.frames += 1;
        let mut output = self.context.run_ui(input, |ui| interface(ui));
        self.textures.apply(&mut output.textures_delta);
        output
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::{CentralPanel, Modifiers, PointerButton};

    const SMALL: HeadlessOptions =
        HeadlessOptions { size: Vec2::new(120.0, 60.0), pixels_per_point: 1.5, seconds_per_frame: 0.1 };

    fn labelled(ui: &mut Ui) {
        CentralPanel::default().show(ui, |ui| {
            ui.label("Watermark");
            ui.add(egui::Spinner::new());
        });
    }

    #[test]
    fn the_picture_has_the_size_asked_for_and_something_on_it() {
        let image = Headless::new(SMALL).run(2, Color32::BLACK, labelled);
        assert_eq!(image.dimensions(), (180, 90));
        let mut colors: Vec<[u8; 4]> = image.pixels().map(|pixel| pixel.0).collect();
        colors.sort_unstable();
        colors.dedup();
        assert!(colors.len() > 20, "soft letters have many shades, here are {}", colors.len());
        assert!(colors.iter().all(|color| color[3] == 255), "nothing is translucent");
    }

    #[test]
    fn the_same_frames_give_the_same_bytes() {
        let draw = |frames| Headless::new(SMALL).run(frames, Color32::BLACK, labelled);
        assert_eq!(draw(3), draw(3));
        assert_ne!(draw(3), draw(6), "the spinner turns with the made-up time");
    }

    #[test]
    fn running_twice_continues() {
        let mut headless = Headless::new(SMALL);
        headless.run(2, Color32::BLACK, labelled);
        let continued = headless.run(2, Color32::BLACK, labelled);
        assert_eq!(continued, Headless::new(SMALL).run(4, Color32::BLACK, labelled));
    }

    #[test]
    fn an_event_reaches_the_next_frame() {
        let mut clicks = 0;
        let mut headless = Headless::new(SMALL);
        let mut interface = |ui: &mut Ui| clicks += usize::from(ui.button("Fire").clicked());
        headless.run(2, Color32::BLACK, &mut interface);
        let pos = pos2(12.0, 8.0);
        for pressed in [true, false] {
            headless.push_event(Event::PointerMoved(pos));
            let modifiers = Modifiers::NONE;
            headless.push_event(Event::PointerButton { pos, button: PointerButton::Primary, pressed, modifiers });
            headless.run(1, Color32::BLACK, &mut interface);
        }
        assert_eq!(clicks, 1);
    }
}
