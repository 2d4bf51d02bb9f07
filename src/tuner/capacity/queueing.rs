//! How long records wait for a task, by formula.
//!
//! Times are in seconds, rates per second; variability is a squared coefficient of variation (variance over
//! squared mean): 0 for a clock, 1 for chance (Poisson arrivals, exponential work). All formulas are those of a
//! queue in balance; without one (a utilisation of 1 or more) there is none.

/// What a task or a pool of equal tasks is asked to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Queue {
    /// Records per second, of the whole pool.
    pub load: f64,
    /// Seconds of work on one record.
    pub service: f64,
    /// Tasks that take from one queue; at least 1.
    pub tasks: u32,
    /// Variability of the time between arrivals.
    pub arrival_scv: f64,
    /// Variability of the work.
    pub service_scv: f64,
}

impl Queue {
    /// The share of time in which a task works: load times service, by task (the utilisation law).
    pub fn utilisation(self) -> f64 {
        self.load * self.service / f64::from(self.tasks.max(1))
    }

    /// The mean time that a record waits before a task takes it: that of chance arrivals and work, by Erlang's
    /// formula C, times the mean of the two variabilities (Allen and Cunneen: A. O. Allen, Probability,
    /// Statistics, and Queueing Theory, 1978). For one task that is Kingman's formula (The single server queue in
    /// heavy traffic, 1961). `None` without a balance.
    pub fn mean_wait(self) -> Option<f64> {
        let utilisation = self.utilisation();
        if !(0.0..1.0).contains(&utilisation) {
            return None;
        }
        let variability = f64::midpoint(self.arrival_scv, self.service_scv);
        let by_chance = self.waits() * self.service / (f64::from(self.tasks.max(1)) * (1.0 - utilisation));
        Some(by_chance * variability)
    }

    /// The time that 99 % of the records wait at most: a record waits at all with the probability of Erlang's
    /// formula, and then for an exponential time (Kingman's limit). `None` without a balance.
    pub fn p99_wait(self) -> Option<f64> {
        let waits = self.waits();
        let mean = self.mean_wait()?;
        Some(if waits <= 0.01 { 0.0 } else { mean / waits * libm::log(waits / 0.01) })
    }

    /// The mean number of records that wait (Little: A proof for the queuing formula L = lambda W, 1961).
    /// `None` without a balance.
    pub fn mean_waiting(self) -> Option<f64> {
        Some(self.load * self.mean_wait()?)
    }

    /// The seconds from the end of an outage of so many seconds until everything that has piled up is done:
    /// load x outage records are there, and they become fewer at the rate by which the pool is faster than the
    /// load. `None` when it is not.
    pub fn catch_up(self, outage: f64) -> Option<f64> {
        let spare = f64::from(self.tasks.max(1)) / self.service - self.load;
        (spare > 0.0).then(|| self.load * outage / spare)
    }

    /// Erlang's formula C: the probability that all tasks are busy when a record comes, of chance arrivals and
    /// work (A. K. Erlang, Solution of some problems in the theory of probabilities, 1917), by way of the
    /// recursion of his formula B.
    fn waits(self) -> f64 {
        let offered = self.load * self.service;
        let blocked = (1..=self.tasks.max(1)).fold(1.0, |blocked, tasks| {
            let product = offered * blocked;
            product / (f64::from(tasks) + product)
        });
        let utilisation = self.utilisation();
        blocked / (1.0 - utilisation * (1.0 - blocked))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(actual: Option<f64>, expected: f64) {
        let actual = actual.expect("there is a balance");
        assert!((actual - expected).abs() < 1e-9 * expected.abs().max(1.0), "{actual} is not {expected}");
    }

    const ONE: Queue = Queue { load: 8.0, service: 0.1, tasks: 1, arrival_scv: 1.0, service_scv: 1.0 };

    #[test]
    fn one_task_is_as_in_the_textbook() {
        // M/M/1 at 0.8: wait = 0.8 / (10 - 8) = 0.4 s, 3.2 waiting; half of that with steady work (M/D/1).
        assert!((ONE.utilisation() - 0.8).abs() < 1e-12);
        check(ONE.mean_wait(), 0.4);
        check(ONE.mean_waiting(), 3.2);
        check(Queue { service_scv: 0.0, ..ONE }.mean_wait(), 0.2);
        // P(wait > t) = 0.8 exp(-2 t): 0.01 at ln(80) / 2.
        check(ONE.p99_wait(), libm::log(80.0) / 2.0);
    }

    #[test]
    fn several_tasks_are_as_in_the_textbook() {
        // M/M/2 at 0.75 each: Erlang C = 2 * 0.75^2 / (1 + 0.75) = 9/14; wait = 9/14 / (20 - 15).
        let two = Queue { load: 15.0, tasks: 2, ..ONE };
        check(two.mean_wait(), 9.0 / 14.0 / 5.0);
        check(two.catch_up(60.0), 180.0);
    }

    #[test]
    fn without_a_balance_there_is_no_answer() {
        let over = Queue { load: 10.0, ..ONE };
        assert_eq!((over.mean_wait(), over.p99_wait(), over.catch_up(1.0)), (None, None, None));
        let idle = Queue { load: 0.0, ..ONE };
        check(idle.mean_wait(), 0.0);
        check(idle.p99_wait(), 0.0);
        check(idle.catch_up(60.0), 0.0);
    }
}
