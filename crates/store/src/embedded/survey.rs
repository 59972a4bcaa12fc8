//! Reading a file of frames whatever befell it: what is whole, and what lies between.

use std::ops::Range;

use super::disk::{DiskFile, Window, last_used};
use super::frame::{ERASED, FILE_HEADER, FRAME_HEADER, Header, Kind, NOTED};
use crate::StoreError;

/// What a file holds.
#[derive(Debug, Default)]
pub(super) struct Survey {
    /// Every whole frame, where it stands.
    pub(super) frames: Vec<(Range<u64>, Header)>,
    /// Stretches of bytes that are no frames, and are not zeros to the end of the file either.
    pub(super) bad: Vec<Range<u64>>,
    /// Where the last whole frame ends.
    pub(super) end: u64,
}

/// Looks through a file whose own header was read.
pub(super) fn survey(file: &DiskFile, kind: Kind, seed: u32) -> Result<Survey, StoreError> {
    let mut survey = Survey { end: FILE_HEADER, ..Survey::default() };
    let Some(used) = last_used(file, FILE_HEADER)? else { return Ok(survey) };
    // The last frame may end in zeros.
    let used = used.max(FILE_HEADER) + 1;
    let mut window = Window::new(file, u64::MAX)?;
    let mut offset = FILE_HEADER;
    while offset < used {
        if let Some((length, header)) = whole(&mut window, offset, kind, seed)? {
            if survey.end < offset {
                survey.bad.push(survey.end..offset);
            }
            survey.frames.push((offset..offset + length, header));
            offset += length;
            survey.end = offset;
        } else {
            offset += 1;
        }
    }
    if let Some(stray) = last_used(file, survey.end)? {
        survey.bad.push(survey.end..stray);
    }
    Ok(survey)
}

fn whole(window: &mut Window<'_>, offset: u64, kind: Kind, seed: u32) -> Result<Option<(u64, Header)>, StoreError> {
    let Some(head) = window.get(offset, FRAME_HEADER)? else { return Ok(None) };
    let magic = head.first_chunk::<4>().copied().unwrap_or_default();
    let known = magic == kind.magic()
        || (magic == NOTED && kind == Kind::Record)
        || (magic == ERASED && matches!(kind, Kind::Word | Kind::Key));
    if !known {
        return Ok(None);
    }
    let header = Header::decode(head);
    let length = FRAME_HEADER + header.length as usize;
    let Some(frame) = window.get(offset, length)? else { return Ok(None) };
    let body = frame.get(FRAME_HEADER..).unwrap_or_default();
    Ok(header.fits(seed, body).then_some((length as u64, header)))
}
