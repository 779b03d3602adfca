package dev.merapi.train;

/// Is told what happens in a run, on the thread that trains.
@FunctionalInterface
public interface TrainListener {
    void on(TrainEvent event);
}
