//! Pictures as one animated GIF: one palette of 256 colours for all of them, and of every picture only the
//! rectangle that differs from the one before.
//!
//! The palette holds the colours of the theme as they are, and of all others what median cut (Heckbert, 1982)
//! makes of them, weighted by the root of how often they are seen: letters and thin lines count.

use gif::{DisposalMethod, Encoder, Frame, Repeat};
use image::RgbaImage;

/// Colours are counted with so many bits for each channel.
const BITS: u32 = 5;
/// Colours in a GIF.
const MOST: usize = 256;
/// Bits of the table that finds the nearest colour again.
const LOOKUP_BITS: u32 = 6;

/// Colours as they are seen, before 256 of them are chosen.
pub struct Palette {
    kept: Vec<[u8; 3]>,
    /// By coarse colour: how often, and the sum of each channel.
    seen: Vec<(u64, [u64; 3])>,
}

impl Palette {
    /// A palette that will hold these colours as they are.
    pub fn with(kept: &[egui::Color32]) -> Self {
        let mut kept: Vec<[u8; 3]> = kept.iter().map(|colour| [colour.r(), colour.g(), colour.b()]).collect();
        kept.sort_unstable();
        kept.dedup();
        kept.truncate(MOST / 4);
        Self { kept, seen: vec![(0, [0; 3]); 1 << (3 * BITS)] }
    }

    /// Takes in the colours of a picture.
    pub fn see(&mut self, picture: &RgbaImage) {
        for pixel in picture.pixels() {
            let [r, g, b, _] = pixel.0;
            let (count, sums) = &mut self.seen[coarse([r, g, b], BITS)];
            *count += 1;
            for (sum, channel) in sums.iter_mut().zip([r, g, b]) {
                *sum += u64::from(channel);
            }
        }
    }

    /// At most 256 colours for all that was seen.
    pub fn chosen(self) -> Vec<[u8; 3]> {
        let colours: Vec<Weighted> = self
            .seen
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, sums)| Weighted {
                colour: sums.map(|sum| (sum / count) as u8),
                weight: libm::sqrt(*count as f64),
            })
            .filter(|weighted| !self.kept.contains(&weighted.colour))
            .collect();
        let mut chosen = self.kept;
        let room = MOST - chosen.len();
        chosen.extend(median_cut(colours, room));
        if chosen.is_empty() {
            chosen.push([0; 3]);
        }
        chosen
    }
}

#[derive(Clone, Copy)]
struct Weighted {
    colour: [u8; 3],
    weight: f64,
}

fn coarse([r, g, b]: [u8; 3], bits: u32) -> usize {
    let part = |channel: u8| usize::from(channel) >> (8 - bits);
    part(r) << (2 * bits) | part(g) << bits | part(b)
}

/// Splits the box with the most to lose in two, until there are `room` boxes or nothing is left to split.
fn median_cut(colours: Vec<Weighted>, room: usize) -> Vec<[u8; 3]> {
    let mut boxes: Vec<Vec<Weighted>> = if colours.is_empty() { Vec::new() } else { vec![colours] };
    while boxes.len() < room {
        let worst = (0..boxes.len())
            .filter(|&i| boxes[i].len() > 1)
            .max_by(|&a, &b| loss(&boxes[a]).total_cmp(&loss(&boxes[b])));
        let Some(worst) = worst else { break };
        let mut cut = boxes.swap_remove(worst);
        let (channel, _) = widest(&cut);
        cut.sort_by_key(|weighted| (weighted.colour[channel], weighted.colour));
        let half = cut.iter().map(|weighted| weighted.weight).sum::<f64>() / 2.0;
        let mut sum = 0.0;
        let at = cut.iter().position(|weighted| {
            sum += weighted.weight;
            sum >= half
        });
        let rest = cut.split_off((at.unwrap_or(0) + 1).min(cut.len() - 1));
        boxes.push(cut);
        boxes.push(rest);
    }
    boxes.iter().map(|colours| mean(colours)).collect()
}

/// The channel with the widest range, and how wide it is.
fn widest(colours: &[Weighted]) -> (usize, u8) {
    let range = |channel: usize| {
        let values = colours.iter().map(|weighted| weighted.colour[channel]);
        values.clone().max().unwrap_or(0) - values.min().unwrap_or(0)
    };
    (0..3)
        .map(|channel| (channel, range(channel)))
        .max_by_key(|(channel, range)| (*range, 3 - channel))
        .unwrap_or((0, 0))
}

fn loss(colours: &[Weighted]) -> f64 {
    f64::from(widest(colours).1) * colours.iter().map(|weighted| weighted.weight).sum::<f64>()
}

fn mean(colours: &[Weighted]) -> [u8; 3] {
    let weight: f64 = colours.iter().map(|weighted| weighted.weight).sum();
    [0, 1, 2].map(|channel| {
        let sum: f64 = colours.iter().map(|weighted| f64::from(weighted.colour[channel]) * weighted.weight).sum();
        libm::round(sum / weight.max(1e-9)) as u8
    })
}

/// An animation under way.
pub struct Animation {
    colours: Vec<[u8; 3]>,
    /// By coarse colour: the nearest of the palette, once it was asked for.
    nearest: Vec<Option<u8>>,
    encoder: Option<Encoder<Vec<u8>>>,
    /// The picture before, as places in the palette.
    before: Vec<u8>,
    size: (u16, u16),
}

impl Animation {
    /// An animation in these colours, at most 256.
    pub fn new(colours: Vec<[u8; 3]>) -> Self {
        let nearest = vec![None; 1 << (3 * LOOKUP_BITS)];
        Self { colours, nearest, encoder: None, before: Vec::new(), size: (0, 0) }
    }

    /// Adds a picture that is shown for so many hundredths of a second. All have the size of the first.
    ///
    /// # Errors
    /// When a picture has another size than the first, or more than 65,535 pixels on a side.
    pub fn add(&mut self, picture: &RgbaImage, hundredths: u16) -> Result<(), String> {
        let side = |pixels: u32| u16::try_from(pixels).map_err(|_| format!("{pixels} pixels are too many for a GIF"));
        let size = (side(picture.width())?, side(picture.height())?);
        let encoder = if let Some(encoder) = &mut self.encoder {
            if size != self.size {
                return Err("the pictures of an animation have different sizes".to_owned());
            }
            encoder
        } else {
            self.size = size;
            let colours: Vec<u8> = self.colours.iter().flatten().copied().collect();
            let mut encoder = Encoder::new(Vec::new(), size.0, size.1, &colours).map_err(|error| error.to_string())?;
            encoder.set_repeat(Repeat::Infinite).map_err(|error| error.to_string())?;
            self.encoder.insert(encoder)
        };
        let colours = &self.colours;
        let places: Vec<u8> = picture
            .pixels()
            .map(|pixel| {
                let [r, g, b, _] = pixel.0;
                let colour = [r, g, b];
                *self.nearest[coarse(colour, LOOKUP_BITS)].get_or_insert_with(|| nearest(colours, colour))
            })
            .collect();
        let (left, top, right, bottom) = difference(&self.before, &places, usize::from(size.0));
        let rows = places.chunks_exact(usize::from(size.0)).take(bottom).skip(top);
        let buffer: Vec<u8> = rows.flat_map(|row| row[left..right].iter().copied()).collect();
        let frame = Frame {
            delay: hundredths,
            dispose: DisposalMethod::Keep,
            left: left as u16,
            top: top as u16,
            width: (right - left) as u16,
            height: (bottom - top) as u16,
            buffer: buffer.into(),
            ..Frame::default()
        };
        encoder.write_frame(&frame).map_err(|error| error.to_string())?;
        self.before = places;
        Ok(())
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// When no picture was added.
    pub fn finish(self) -> Result<Vec<u8>, String> {
        let encoder = self.encoder.ok_or("an animation needs a picture")?;
        encoder.into_inner().map_err(|error| error.to_string())
    }
}

/// The rectangle in which two pictures differ, as left, top, right and bottom (the last two exclusive); one
/// pixel where they do not, and all of it where there was none before.
fn difference(before: &[u8], now: &[u8], width: usize) -> (usize, usize, usize, usize) {
    let height = now.len() / width.max(1);
    if before.len() != now.len() {
        return (0, 0, width, height);
    }
    let (mut left, mut top, mut right, mut bottom) = (width, height, 0, 0);
    for (y, (old, new)) in before.chunks_exact(width).zip(now.chunks_exact(width)).enumerate() {
        if old == new {
            continue;
        }
        top = top.min(y);
        bottom = y + 1;
        let first = old.iter().zip(new).position(|(a, b)| a != b).unwrap_or(0);
        let last = old.iter().zip(new).rposition(|(a, b)| a != b).unwrap_or(0);
        left = left.min(first);
        right = right.max(last + 1);
    }
    if bottom == 0 { (0, 0, 1, 1) } else { (left, top, right, bottom) }
}

fn nearest(colours: &[[u8; 3]], colour: [u8; 3]) -> u8 {
    let distance = |other: &[u8; 3]| -> i32 {
        // Green counts most and blue least, as in the usual weights of brightness.
        let weights = [3, 6, 2];
        (0..3).map(|i| weights[i] * (i32::from(other[i]) - i32::from(colour[i])).pow(2)).sum()
    };
    (0..colours.len()).min_by_key(|&place| distance(&colours[place])).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{AnimationDecoder as _, Rgba, codecs::gif::GifDecoder};

    fn picture(mark: u32) -> RgbaImage {
        RgbaImage::from_fn(40, 30, |x, y| {
            if x == mark && y > 10 { Rgba([255, 107, 79, 255]) } else { Rgba([13, 17, 22, 255]) }
        })
    }

    fn animation(pictures: &[RgbaImage]) -> Vec<u8> {
        let mut palette = Palette::with(&[]);
        pictures.iter().for_each(|picture| palette.see(picture));
        let mut animation = Animation::new(palette.chosen());
        for picture in pictures {
            animation.add(picture, 5).expect("all have one size");
        }
        animation.finish().expect("there are pictures")
    }

    #[test]
    fn what_was_written_reads_back_exactly_where_colours_are_few() {
        let pictures = [picture(3), picture(4), picture(4), picture(30)];
        let bytes = animation(&pictures);
        let decoder = GifDecoder::new(std::io::Cursor::new(&bytes)).expect("it is a GIF");
        let frames = decoder.into_frames().collect_frames().expect("it has frames");
        assert_eq!(frames.len(), pictures.len());
        for (frame, picture) in frames.iter().zip(&pictures) {
            assert_eq!(frame.buffer(), picture);
        }
        assert_eq!(animation(&pictures), bytes, "the same pictures give the same bytes");
    }

    #[test]
    fn only_what_differs_is_written() {
        let width = 40;
        let places = |picture: &RgbaImage| -> Vec<u8> { picture.pixels().map(|pixel| pixel.0[0] & 2).collect() };
        let (a, b) = (places(&picture(3)), places(&picture(7)));
        assert_eq!(difference(&[], &a, width), (0, 0, 40, 30));
        assert_eq!(difference(&a, &b, width), (3, 11, 8, 30));
        assert_eq!(difference(&a, &a, width), (0, 0, 1, 1));
    }

    #[test]
    fn many_colours_become_256_and_those_of_the_theme_stay() {
        let many = RgbaImage::from_fn(256, 256, |x, y| Rgba([x as u8, y as u8, (x ^ y) as u8, 255]));
        let kept = egui::Color32::from_rgb(1, 2, 3);
        let mut palette = Palette::with(&[kept]);
        palette.see(&many);
        let colours = palette.chosen();
        assert_eq!(colours.len(), 256);
        assert_eq!(colours[0], [1, 2, 3]);
        // No colour of the picture is far from one of the palette.
        let far = many.pixels().map(|pixel| {
            let [r, g, b, _] = pixel.0;
            let near = colours[usize::from(nearest(&colours, [r, g, b]))];
            (0..3).map(|i| near[i].abs_diff([r, g, b][i])).max().unwrap_or(0)
        });
        assert!(far.max().unwrap_or(255) < 48);
    }
}
