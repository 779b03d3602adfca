package dev.merapi.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.metrics.Metrics;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SettingsTest {
    private static TrainingSettings settings(int epochs, int maxSteps, double warmup, SchedulerType schedule) {
        return TrainingSettings.DEFAULT
                .numTrainEpochs(epochs)
                .maxSteps(maxSteps)
                .gradientAccumulationSteps(2)
                .rate(new Rate(3e-5, schedule, warmup, 0))
                .metricForBestModel(BestBy.MACRO_F1);
    }

    @Test
    void stepsAreBatchesOfBatches() {
        TrainingSettings settings = settings(3, 0, 0.1, SchedulerType.LINEAR);
        assertEquals(78, settings.stepsPerEpoch(3730)); // ⌈⌈3730 / 24⌉ / 2⌉
        assertEquals(234, settings.totalSteps(3730));
        assertEquals(100, settings(3, 100, 0.1, SchedulerType.LINEAR).totalSteps(3730));
    }

    @Test
    void schedulesWarmUpAndDecay() { // 4800 rows are 100 steps
        assertEquals(
                1e-5,
                settings(1, 0, 0.1, SchedulerType.LINEAR_WARMUP).schedule(4800).at(0),
                1e-18);
        assertEquals(
                3e-5,
                settings(1, 0, 0.1, SchedulerType.LINEAR_WARMUP).schedule(4800).at(99),
                1e-18);
        assertEquals(0, settings(1, 0, 0.1, SchedulerType.LINEAR).schedule(4800).at(0), 1e-18);
        assertEquals(
                3e-5, settings(1, 0, 0.1, SchedulerType.LINEAR).schedule(4800).at(10), 1e-18);
        assertEquals(
                1.5e-5, settings(1, 0, 0.1, SchedulerType.COSINE).schedule(4800).at(55), 1e-18);
        assertEquals(
                3e-5, settings(1, 0, 0.1, SchedulerType.CONSTANT).schedule(4800).at(0), 1e-18);
    }

    @Test
    void optionsOfSchedulesAreChecked() {
        ScheduleOptions options = new ScheduleOptions(
                Map.of("smooth", "True", "threshold_mode", "rel", "window_size", "3", "min_lr", "0"));
        assertEquals(1e-3, new Rate(1e-3, SchedulerType.GREEDY, 0, 0, options).learningRate());
        SettingsException e = assertThrows(
                SettingsException.class,
                () -> new Rate(1e-3, SchedulerType.GREEDY, 0, 0, new ScheduleOptions(Map.of("smooth", "yes"))));
        assertEquals("lr-scheduler-kwargs: expected true or false for smooth, got yes", e.getMessage());
        e = assertThrows(
                SettingsException.class,
                () -> new Rate(
                        1e-3,
                        SchedulerType.REDUCE_LR_ON_PLATEAU,
                        0,
                        0,
                        new ScheduleOptions(Map.of("threshold_mode", "share"))));
        assertEquals("lr-scheduler-kwargs: expected one of [rel, abs] for threshold_mode, got share", e.getMessage());
    }

    @Test
    void lowerLossDecidesBetweenEqualEpochs() {
        Metrics first = new Metrics(10, 0.5, 0.7, 0.7, 0, 0.4);
        Metrics second = new Metrics(10, 0.4, 0.6, 0.6, 0, 0.4);
        assertTrue(BestBy.MACRO_F1.better(second, first));
        assertFalse(BestBy.MACRO_F1.better(first, second));
        assertFalse(BestBy.MACRO_F1.better(first, first));
        assertTrue(BestBy.ACCURACY.better(first, second));
        assertTrue(BestBy.MICRO_F1.better(first, second));
        assertTrue(BestBy.LOSS.better(second, first));
        assertFalse(BestBy.LOSS.better(new Metrics(10, Double.NaN, 0.7, 0.7, 0, 0.4), first));
    }

    @Test
    void settingOutOfRangeIsNamed() {
        SettingsException e = assertThrows(SettingsException.class, () -> settings(0, 0, 0.1, SchedulerType.LINEAR));
        assertEquals("num-train-epochs: expected at least 1, got 0", e.getMessage());
        e = assertThrows(SettingsException.class, () -> settings(1, 0, 1.5, SchedulerType.LINEAR));
        assertEquals("warmup-ratio: expected a number from 0.0 to 1.0, got 1.5", e.getMessage());
        e = assertThrows(SettingsException.class, () -> settings(1, 0, Double.NaN, SchedulerType.LINEAR));
        assertEquals("warmup-ratio: expected a number from 0.0 to 1.0, got NaN", e.getMessage());
    }
}
