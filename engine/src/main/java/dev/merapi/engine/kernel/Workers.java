package dev.merapi.engine.kernel;

/// The threads that kernels share. A kernel cuts its problem into tasks by the problem's sizes alone, so that results do not depend on
/// how many threads there are; which thread runs a task is of no consequence.
public interface Workers extends AutoCloseable {
    int threads();

    /// Runs `task.run(i, worker)` for every i in [0, tasks) and returns when all are done; `worker` in [0, threads) names the thread's scratch memory.
    void run(int tasks, Task task);

    @Override
    void close();

    /// One piece of work.
    @FunctionalInterface
    interface Task {
        void run(int index, int worker);
    }
}
