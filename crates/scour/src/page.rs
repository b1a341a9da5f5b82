//! One page of an SQLite file as its format describes it: which of its bytes nobody refers to. Pure.
//!
//! The format is <https://www.sqlite.org/fileformat2.html>, sections 1.3 (the file's head) and 1.6 (b-tree pages).

use std::ops::Range;

/// Where the b-tree page behind the file's own head begins on page 1.
const FILE_HEAD_BYTES: usize = 100;
/// A free block begins with four bytes of its own: where the next one is, and how long this one is.
const BLOCK_HEAD_BYTES: usize = 4;
/// From so many pages on, the first byte of an overflow page may look like the mark of a b-tree page.
const PAGES_MAX: u32 = 1 << 24;

/// What the head of the file says of every page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    /// Bytes of a page that are used; the rest of it belongs to extensions.
    usable: usize,
}

impl Shape {
    /// From page 1. None for a file in which pages of other kinds cannot be told from those of b-trees.
    pub(crate) fn of(first: &[u8]) -> Option<Self> {
        let reserved = usize::from(*first.get(20)?);
        let pages = u32::from_be_bytes(first.get(28..32)?.try_into().ok()?);
        let has_pointer_maps = first.get(52..56)? != [0; 4];
        let is_known = first.starts_with(b"SQLite format 3\0") && pages < PAGES_MAX && !has_pointer_maps;
        is_known.then_some(Self { usable: first.len().checked_sub(reserved)? })
    }

    /// The stretches of page `number` that hold no row: the gap between the list of rows and the rows, and free blocks behind
    /// their heads. Nothing for pages of other kinds, which SQLite wipes itself, and for what makes no sense.
    pub(crate) fn unused(self, page: &[u8], number: i64) -> Vec<Range<usize>> {
        self.gaps(page, number).unwrap_or_default()
    }

    fn gaps(self, page: &[u8], number: i64) -> Option<Vec<Range<usize>>> {
        let head = if number == 1 { FILE_HEAD_BYTES } else { 0 };
        let list = head
            + match page.get(head)? {
                2 | 5 => 12,
                10 | 13 => 8,
                _ => return None,
            };
        let word = |at: usize| Some(usize::from(u16::from_be_bytes(page.get(at..at + 2)?.try_into().ok()?)));
        let rows = word(head + 3)?;
        // 65,536 does not fit, and is written as 0.
        let content = word(head + 5).map(|at| if at == 0 { 65_536 } else { at })?;
        let gap = list + 2 * rows..content;
        if gap.start > gap.end || gap.end > self.usable || self.usable > page.len() {
            return None;
        }
        let mut gaps = vec![gap];
        let mut block = word(head + 1)?;
        while block != 0 {
            let (next, bytes) = (word(block)?, word(block + 2)?);
            let end = block.checked_add(bytes)?;
            let is_sound = bytes >= BLOCK_HEAD_BYTES && end <= self.usable && (next == 0 || next > block);
            if !is_sound {
                return None;
            }
            gaps.push(block + BLOCK_HEAD_BYTES..end);
            block = next;
        }
        Some(gaps)
    }

    /// Whether something is left in what is unused.
    pub(crate) fn is_dirty(self, page: &[u8], number: i64) -> bool {
        self.unused(page, number).into_iter().any(|gap| page[gap].iter().any(|byte| *byte != 0))
    }

    /// Wipes what is unused; true when there was something to wipe.
    pub(crate) fn wipe(self, page: &mut [u8], number: i64) -> bool {
        let is_dirty = self.is_dirty(page, number);
        for gap in self.unused(page, number) {
            page[gap].fill(0);
        }
        is_dirty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE_BYTES: usize = 512;

    fn shape() -> Shape {
        let mut first = vec![0; PAGE_BYTES];
        first[..16].copy_from_slice(b"SQLite format 3\0");
        Shape::of(&first).expect("a plain file")
    }

    /// A leaf with two rows at its end, a free block between them, and something left in the gap and in the block.
    fn leaf() -> Vec<u8> {
        let mut page = vec![0; PAGE_BYTES];
        page[0] = 13;
        page[1..3].copy_from_slice(&440_u16.to_be_bytes());
        page[3..5].copy_from_slice(&2_u16.to_be_bytes());
        page[5..7].copy_from_slice(&400_u16.to_be_bytes());
        page[8..10].copy_from_slice(&480_u16.to_be_bytes());
        page[10..12].copy_from_slice(&400_u16.to_be_bytes());
        page[400..440].fill(b'a');
        page[440..444].copy_from_slice(&[0, 0, 0, 40]);
        page[444..480].fill(b'x');
        page[480..].fill(b'b');
        page[100..110].copy_from_slice(b"left words");
        page
    }

    #[test]
    fn what_no_row_refers_to_is_wiped_and_nothing_else() {
        let (shape, mut page) = (shape(), leaf());
        assert!(shape.is_dirty(&page, 7));
        assert!(shape.wipe(&mut page, 7));
        assert!(page[12..400].iter().chain(&page[444..480]).all(|byte| *byte == 0));
        let rows = |page: &[u8]| [page[..12].to_vec(), page[400..444].to_vec(), page[480..].to_vec()];
        assert_eq!(rows(&page), rows(&leaf()), "rows, their list and the blocks' heads stand");
        assert!(!shape.is_dirty(&page, 7) && !shape.wipe(&mut page, 7));
    }

    #[test]
    fn pages_of_other_kinds_and_damaged_ones_are_left_alone() {
        for (at, value) in [(0, 0), (0, 3), (1, 255), (3, 255), (5, 255), (443, 3), (442, 255)] {
            let mut page = leaf();
            page[at] = value;
            let before = page.clone();
            assert!(!shape().wipe(&mut page, 7), "byte {at} = {value}");
            assert_eq!(page, before);
        }
        assert!(!shape().wipe(&mut [13, 0, 0], 7));
        let mut mapped = vec![0; PAGE_BYTES];
        mapped[..16].copy_from_slice(b"SQLite format 3\0");
        mapped[55] = 4;
        assert_eq!(Shape::of(&mapped), None, "a file that moves its pages");
        assert_eq!(Shape::of(b"no file"), None);
    }
}
