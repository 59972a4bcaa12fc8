use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

/// Pieces are numbers; what they bring is how far they reach.
struct Counting {
    /// All pieces below this have brought what they bring.
    brought: AtomicU64,
    panics_at: Option<u64>,
}

impl Work for Counting {
    type Fetched = u64;
    type Parsed = (u64, bool);

    fn parse(&self, fetched: u64) -> (u64, bool) {
        (fetched, false)
    }

    fn bring(&self, parsed: &(u64, bool)) {
        let before = self.brought.fetch_add(1, Ordering::SeqCst);
        assert_eq!(before, parsed.0, "in order");
    }

    fn verify(&self, parsed: &mut (u64, bool)) {
        assert!(Some(parsed.0) != self.panics_at, "a bug");
        // Pieces that are verified at once end in any order.
        for _ in 0..(parsed.0 * 7 % 5) {
            std::thread::yield_now();
        }
        parsed.1 = self.brought.load(Ordering::SeqCst) > parsed.0;
    }
}

fn run(
    threads: usize,
    count: u64,
    panics_at: Option<u64>,
    mut last: impl FnMut(u64) -> anyhow::Result<()> + Send,
) -> (Vec<std::thread::Result<anyhow::Result<()>>>, u64) {
    let belt = Belt::<Counting>::new(threads);
    let work = Counting { brought: AtomicU64::new(0), panics_at };
    let last: Mutex<Box<Last<'_, (u64, bool)>>> = Mutex::new(Box::new(|(number, known)| {
        assert!(known, "verified before the keys of all pieces before were known");
        last(number)
    }));
    let mut taken = 0;
    let done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(|| belt.work(&work, &last))).collect();
        let end = belt.end_of_pieces();
        for number in 0..count {
            taken += u64::from(belt.put(number));
        }
        drop(end);
        workers.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
    });
    (done, taken)
}

#[test]
fn every_piece_is_decided_once_and_in_order() {
    for threads in 1..5 {
        let mut seen = Vec::new();
        let (done, taken) = run(threads, 500, None, |number| {
            seen.push(number);
            Ok(())
        });
        assert!(done.iter().all(|one| matches!(one, Ok(Ok(())))));
        assert_eq!((seen, taken), ((0..500).collect(), 500));
    }
}

#[test]
fn an_error_ends_the_work_and_is_told_once() {
    let mut seen = 0;
    let (done, taken) = run(3, 500, None, |number| {
        seen += 1;
        anyhow::ensure!(number < 7, "the eighth");
        Ok(())
    });
    let wrong = done.iter().filter(|one| matches!(one, Ok(Err(_)))).count();
    assert_eq!((wrong, seen), (1, 8));
    assert!(taken < 500, "who brings pieces is told");
}

#[test]
fn a_thread_that_panics_leaves_nobody_waiting() {
    let (done, _) = run(3, 500, Some(20), |_| Ok(()));
    assert_eq!(done.iter().filter(|one| one.is_err()).count(), 1);
}

#[test]
fn a_belt_without_pieces_ends() {
    let (done, _) = run(2, 0, None, |_| anyhow::bail!("there is none"));
    assert!(done.iter().all(|one| matches!(one, Ok(Ok(())))));
}
