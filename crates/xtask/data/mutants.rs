//! Switches between the rules as written and one wrong rule at a time; woven in by `cargo xtask mutants` alone.

use std::cell::RefCell;
use std::fs::File;
use std::io::Write as _;
use std::ops::{Add, Sub};
use std::sync::{Mutex, OnceLock};

static ACTIVE: OnceLock<u32> = OnceLock::new();
static REACHED: OnceLock<Option<Mutex<File>>> = OnceLock::new();

thread_local! {
    static SEEN: RefCell<Seen> = const { RefCell::new(Seen(Vec::new())) };
}

/// Which mutants this thread came by; at its end, how long the processor was at it.
struct Seen(Vec<bool>);

impl Drop for Seen {
    fn drop(&mut self) {
        let Some(Some(file)) = REACHED.get() else { return };
        // Nanoseconds on a processor come first; a system that does not tell costs only the order of the tests.
        let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        let nanos = told.split(' ').next().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let thread = std::thread::current();
        let line = format!("took\t{}\t{}\n", thread.name().unwrap_or_default(), nanos / 1_000);
        file.lock().unwrap().write_all(line.as_bytes()).unwrap();
    }
}

/// Whether this mutant is the one that is tried.
pub fn on(number: u32) -> bool {
    let active = *ACTIVE
        .get_or_init(|| std::env::var("COUNTERPART_MUTANT").ok().and_then(|text| text.parse().ok()).unwrap_or(0));
    if active == 0 {
        reach(number);
    }
    active == number
}

/// Whether it is not.
pub fn off(number: u32) -> bool {
    !on(number)
}

/// Notes which test came by.
fn reach(number: u32) {
    let file = REACHED.get_or_init(|| {
        let path = std::env::var("COUNTERPART_REACHED").ok()?;
        Some(Mutex::new(File::options().append(true).create(true).open(path).unwrap()))
    });
    let Some(file) = file else { return };
    SEEN.with_borrow_mut(|seen| {
        let seen = &mut seen.0;
        let place = number as usize;
        if seen.len() <= place {
            seen.resize(place + 1, false);
        }
        if !seen[place] {
            seen[place] = true;
            let thread = std::thread::current();
            let line = format!("{number}\t{}\n", thread.name().unwrap_or_default());
            file.lock().unwrap().write_all(line.as_bytes()).unwrap();
        }
    });
}

pub fn lt<A: PartialOrd<B>, B>(number: u32, a: &A, b: &B) -> bool {
    if on(number) { a <= b } else { a < b }
}

pub fn le<A: PartialOrd<B>, B>(number: u32, a: &A, b: &B) -> bool {
    if on(number) { a < b } else { a <= b }
}

pub fn gt<A: PartialOrd<B>, B>(number: u32, a: &A, b: &B) -> bool {
    if on(number) { a >= b } else { a > b }
}

pub fn ge<A: PartialOrd<B>, B>(number: u32, a: &A, b: &B) -> bool {
    if on(number) { a > b } else { a >= b }
}

pub fn add<A: Add<B, Output = A> + Sub<B, Output = A>, B>(number: u32, a: A, b: B) -> A {
    if on(number) { a - b } else { a + b }
}

pub fn sub<A: Add<B, Output = A> + Sub<B, Output = A>, B>(number: u32, a: A, b: B) -> A {
    if on(number) { a + b } else { a - b }
}

pub fn max<T: Ord>(number: u32, a: T, b: T) -> T {
    if on(number) { a.min(b) } else { a.max(b) }
}

pub fn min<T: Ord>(number: u32, a: T, b: T) -> T {
    if on(number) { a.max(b) } else { a.min(b) }
}

pub fn any<I: Iterator>(number: u32, mut items: I, test: impl FnMut(I::Item) -> bool) -> bool {
    if on(number) { items.all(test) } else { items.any(test) }
}

pub fn all<I: Iterator>(number: u32, mut items: I, test: impl FnMut(I::Item) -> bool) -> bool {
    if on(number) { items.any(test) } else { items.all(test) }
}
