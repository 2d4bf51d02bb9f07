//! The rasteriser as a renderer of snapshots: ordinary widgets, driven by their labels.

#[path = "common/raster_renderer.rs"]
mod raster_renderer;

use egui::{CentralPanel, Ui};
use egui_kittest::kittest::Queryable as _;
use egui_kittest::{Harness, SnapshotOptions};
use raster_renderer::RasterRenderer;

/// What the widgets below change.
struct Knobs {
    bound_s: f32,
    drops: bool,
    presses: u32,
}

fn widgets(ui: &mut Ui, knobs: &mut Knobs) {
    CentralPanel::default().show(ui, |ui| {
        ui.heading("Widgets");
        ui.add(egui::Slider::new(&mut knobs.bound_s, 0.0..=60.0).text("bound"));
        ui.checkbox(&mut knobs.drops, "drop late records");
        ui.horizontal(|ui| {
            if ui.button("Fire").clicked() {
                knobs.presses += 1;
            }
            ui.label(format!("fired {} times", knobs.presses));
        });
        ui.add(egui::ProgressBar::new(0.4).text("40 %"));
        let (area, _) = ui.allocate_exact_size(egui::vec2(180.0, 40.0), egui::Sense::hover());
        let color = ui.visuals().text_color();
        ui.painter().line_segment([area.left_bottom(), area.right_top()], egui::Stroke::new(1.5, color));
        ui.painter().circle_filled(area.center(), 9.0, color.gamma_multiply(0.5));
    });
}

fn harness(theme: egui::Theme, pixels_per_point: f32) -> Harness<'static, Knobs> {
    Harness::builder()
        .with_size([240.0, 190.0])
        .with_pixels_per_point(pixels_per_point)
        .with_theme(theme)
        .with_options(SnapshotOptions::new().threshold(0.0))
        .renderer(RasterRenderer::default())
        .build_ui_state(widgets, Knobs { bound_s: 30.0, drops: false, presses: 0 })
}

#[test]
fn widgets_look_as_recorded_in_the_dark() {
    harness(egui::Theme::Dark, 1.0).snapshot("widgets-dark");
}

#[test]
fn widgets_look_as_recorded_in_the_light() {
    harness(egui::Theme::Light, 1.5).snapshot("widgets-light");
}

#[test]
fn a_click_changes_the_picture() {
    let mut harness = harness(egui::Theme::Dark, 1.0);
    let before = harness.render().expect("it draws");
    harness.get_by_label("Fire").click();
    harness.run();
    assert_eq!(harness.state().presses, 1);
    assert!(harness.query_by_label("fired 1 times").is_some());
    let after = harness.render().expect("it draws");
    assert_eq!(before.dimensions(), after.dimensions());
    assert_ne!(before, after);
}

#[test]
fn two_harnesses_draw_the_same_bytes() {
    let draw = || harness(egui::Theme::Light, 2.0).render().expect("it draws");
    assert_eq!(draw(), draw());
}
