//! What `sum` has to do. Sections are those of chapter 2.

use crate::subject::sum;

#[test]
fn every_number_counts_once() {
    for count in [1, 2, 7, 100, 1001] {
        let numbers: Vec<u64> = (1..=count).collect();
        for workers in [1, 2, 3, 8] {
            assert_eq!(
                sum(&numbers, workers),
                count * (count + 1) / 2,
                "{count} numbers for {workers} workers: what is left over when they are cut evenly? See \"All cores\"."
            );
        }
    }
}

#[test]
fn more_workers_than_numbers() {
    assert_eq!(
        sum(&[3, 4], 10),
        7,
        "some have nothing to do. See \"All cores\"."
    );
    assert_eq!(
        sum(&[], 10),
        0,
        "all have nothing to do. See \"All cores\"."
    );
}

#[test]
fn no_workers_count_as_one() {
    assert_eq!(
        sum(&[3, 4], 0),
        7,
        "somebody has to do it. See \"All cores\"."
    );
}

#[test]
fn a_sum_may_wrap_around() {
    let numbers = [u64::MAX, 1, u64::MAX, 1, 5];
    for workers in [1, 2, 5] {
        assert_eq!(
            sum(&numbers, workers),
            5,
            "in the shares and between them: `wrapping_add`. See \"All cores\"."
        );
    }
}
