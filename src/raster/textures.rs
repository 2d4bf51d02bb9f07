//! The textures that egui has uploaded and not yet freed, by identity.
//!
//! Egui sends changes with every frame; a texture freed in a frame is still used by that frame's shapes, so it is kept
//! until the next change arrives.

use std::collections::BTreeMap;

use egui::{ImageData, TextureId, TexturesDelta};

use super::texture::Texture;

/// What egui has uploaded.
#[derive(Default)]
pub struct Textures {
    by_id: BTreeMap<TextureId, Texture>,
    /// Freed by the last change; the shapes that came with it may still show them.
    free_next: Vec<TextureId>,
}

impl Textures {
    /// No textures.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes over one frame's changes and leaves `delta` empty, to be called before that frame is painted.
    pub fn apply(&mut self, delta: &mut TexturesDelta) {
        for id in self.free_next.drain(..) {
            self.by_id.remove(&id);
        }
        for (id, changes) in delta.set.drain() {
            for change in changes {
                let ImageData::Color(image) = &change.image;
                match change.pos {
                    Some(origin) => {
                        if let Some(texture) = self.by_id.get_mut(&id) {
                            texture.replace(origin, image, change.options);
                        }
                    }
                    None => match Texture::new(image, change.options) {
                        Some(texture) => drop(self.by_id.insert(id, texture)),
                        None => drop(self.by_id.remove(&id)),
                    },
                }
            }
        }
        self.free_next.extend(delta.free.drain());
    }

    /// How many textures are kept.
    pub fn len(&self) -> usize {
        self.by_id.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.by_id.is_empty()
    }

    pub(super) fn get(&self, id: TextureId) -> Option<&Texture> {
        self.by_id.get(&id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::epaint::ImageDelta;
    use egui::{Color32, ColorImage, TextureOptions};

    const ID: TextureId = TextureId::User(3);

    fn filled(size: [usize; 2], level: u8) -> ColorImage {
        ColorImage::filled(size, Color32::from_gray(level))
    }

    fn whole(image: ColorImage) -> TexturesDelta {
        let mut delta = TexturesDelta::default();
        delta.push(ID, ImageDelta::full(image, TextureOptions::LINEAR));
        delta
    }

    #[test]
    fn whole_and_partial_changes_apply_in_order() {
        let mut textures = Textures::new();
        let mut delta = whole(filled([2, 2], 9));
        delta.push(ID, ImageDelta::partial([1, 0], filled([1, 1], 5), TextureOptions::LINEAR));
        delta.push(ID, ImageDelta::partial([1, 0], filled([1, 2], 6), TextureOptions::LINEAR));
        textures.apply(&mut delta);
        assert!(delta.is_empty());
        let texture = textures.get(ID).expect("it was uploaded");
        let levels: Vec<u8> = (0..4).map(|i| texture.color_at(i % 2, i / 2).r()).collect();
        assert_eq!(levels, [9, 6, 9, 6]);
    }

    #[test]
    fn a_freed_texture_lives_until_the_next_change() {
        let mut textures = Textures::new();
        let mut delta = whole(filled([1, 1], 9));
        delta.free(ID);
        textures.apply(&mut delta);
        assert_eq!(textures.len(), 1);
        textures.apply(&mut TexturesDelta::default());
        assert!(textures.is_empty());
    }

    #[test]
    fn changes_without_a_texture_or_texels_are_ignored() {
        let mut textures = Textures::new();
        let mut delta = TexturesDelta::default();
        delta.push(ID, ImageDelta::partial([0, 0], filled([1, 1], 5), TextureOptions::LINEAR));
        textures.apply(&mut delta);
        textures.apply(&mut whole(ColorImage::default()));
        assert!(textures.is_empty());
    }
}
