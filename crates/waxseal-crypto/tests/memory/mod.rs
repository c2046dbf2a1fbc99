//! Looks for secrets in this process's memory, on Linux, without unsafe code: the kernel
//! reads the memory out through a file.

#![allow(dead_code, unreachable_pub)]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::cast_possible_truncation)]

use std::fs::{File, read_to_string};
use std::io::BufRead;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The secret is kept masked, so that looking for it doesn't find the pattern itself.
const MASK: u8 = 0x5c;

const SECRET_LEN: usize = 32;

/// Keeps other tests still: what they read of memory would be found as well.
pub fn alone() -> MutexGuard<'static, ()> {
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A secret of 32 bytes to look for, different for each `seed`, as a mask of itself.
pub struct Needle([u8; SECRET_LEN]);

impl Needle {
    pub fn new(seed: u64) -> Self {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self(std::array::from_fn(|_| {
            state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            (state >> 56) as u8
        }))
    }

    /// The needle that finds these bytes.
    pub fn of(secret: &[u8]) -> Self {
        Self(std::array::from_fn(|index| secret[index] ^ MASK))
    }

    /// The needle that finds the same bytes in the other order.
    pub fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    /// Writes the secret itself.
    pub fn reveal(&self, to: &mut [u8]) {
        to.iter_mut().zip(self.0).for_each(|(to, masked)| *to = masked ^ MASK);
    }

    /// How often the secret stands in writable memory: heap, stacks and statics.
    pub fn count(&self) -> usize {
        self.count_where(|_| true)
    }

    /// The same without the stack of this thread, where compilers put copies of what they
    /// move, and later calls overwrite them.
    pub fn count_off_stack(&self) -> usize {
        let local = 0u8;
        let here = &raw const local as usize;
        self.count_where(|region| !region.contains(&here))
    }

    fn count_where(&self, wanted: impl Fn(&Range<usize>) -> bool) -> usize {
        let mut buffer = vec![0; 1 << 16];
        let own = buffer.as_ptr() as usize;
        let own = own..own + buffer.len();
        let memory = File::open("/proc/self/mem").unwrap();
        let regions = writable_regions().into_iter().filter(wanted);
        regions.map(|region| self.count_in(&memory, region, &mut buffer, &own)).sum()
    }

    fn count_in(&self, memory: &File, region: Range<usize>, buffer: &mut [u8], own: &Range<usize>) -> usize {
        let step = buffer.len() - (SECRET_LEN - 1);
        let mut hits = 0;
        for start in region.clone().step_by(step) {
            let len = buffer.len().min(region.end - start);
            if memory.read_exact_at(&mut buffer[..len], start as u64).is_err() {
                continue;
            }
            let found = self.offsets_in(&buffer[..len]);
            hits += found.into_iter().filter(|offset| !own.contains(&(start + offset))).count();
            buffer.fill(0);
        }
        hits
    }

    fn offsets_in(&self, bytes: &[u8]) -> Vec<usize> {
        let mut rest = bytes;
        let mut found = Vec::new();
        while rest.skip_until(self.0[0] ^ MASK).is_ok_and(|skipped| skipped > 0) {
            let offset = bytes.len() - rest.len() - 1;
            let window = bytes.get(offset..offset + SECRET_LEN).unwrap_or_default();
            let masked = window.iter().map(|byte| byte ^ MASK);
            found.extend(masked.eq(self.0).then_some(offset));
        }
        found
    }
}

fn writable_regions() -> Vec<Range<usize>> {
    let address = |digits: &str| usize::from_str_radix(digits, 16).unwrap();
    let maps = read_to_string("/proc/self/maps").unwrap();
    let writable = maps.lines().filter(|line| line.split(' ').nth(1).unwrap().starts_with("rw"));
    writable
        .map(|line| line.split([' ', '-']).map(address))
        .filter_map(|mut ends| Some(ends.next()?..ends.next()?))
        .collect()
}
