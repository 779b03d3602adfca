package dev.merapi.train;

import dev.merapi.metrics.Metric;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.zip.CRC32C;

/// The run as an event file that TensorBoard reads, under the names that transformers' Trainer gives its
/// scalars: `train/loss`, `train/learning_rate`, `train/grad_norm`, `train/epoch`, `eval/loss`,
/// `eval/macro_f1`, ….
///
/// A file is a run of TFRecords, integers little-endian:
///
///     length uint64 | crc(length) uint32 | data | crc(data) uint32
///
/// where `crc(b) = rotr15(CRC32C(b)) + 0xa282ead8`
/// (<https://www.tensorflow.org/tutorials/load_data/tfrecord>); the data of each is an `Event` in the wire
/// format of Protocol Buffers
/// (<https://github.com/tensorflow/tensorboard/blob/master/tensorboard/compat/proto/event.proto>).
public final class TensorBoardLog implements TrainListener, AutoCloseable {
    private static final int MASK = 0xa282ead8;
    private static final int RECORD_AROUND = 16;

    private final Path folder;
    private final Clock clock;
    private OutputStream out;
    private int stepsPerEpoch;

    /// A log that begins with the run.
    ///
    /// @param folder of its event file; TensorBoard calls the run by it
    public TensorBoardLog(Path folder) {
        this(folder, Clock.systemUTC());
    }

    TensorBoardLog(Path folder, Clock clock) {
        this.folder = folder;
        this.clock = clock;
    }

    @Override
    public void on(TrainEvent event) {
        switch (event) {
            case TrainEvent.RunStart start -> {
                stepsPerEpoch = start.stepsPerEpoch();
                open();
            }
            case TrainEvent.StepEnd step -> {
                scalar("train/loss", step.step(), step.loss());
                scalar("train/grad_norm", step.step(), step.gradientNorm());
                scalar("train/learning_rate", step.step(), step.learningRate());
                scalar("train/epoch", step.step(), (double) step.step() / stepsPerEpoch);
                scalar("train/tokens_per_second", step.step(), step.tokens() / step.seconds());
            }
            case TrainEvent.LossScaled scaled -> scalar("train/loss_scale", scaled.step(), scaled.scale());
            case TrainEvent.Evaluated evaluated -> {
                for (Map.Entry<Metric, Double> score :
                        evaluated.metrics().scores().entrySet())
                    scalar("eval/" + score.getKey().column(), evaluated.step(), score.getValue());
                flush();
            }
            case TrainEvent.EpochEnd _, TrainEvent.StateSaved _, TrainEvent.RunEnd _ -> flush();
            case TrainEvent.Resumed resumed -> restart(resumed.step() + 1);
            case TrainEvent.CheckpointSaved _ -> {}
        }
    }

    /// TensorBoard reads all files of a folder whose names hold `tfevents`, in the order of their names: a
    /// resumed run's steps come after those of the run it goes on with.
    private void open() {
        close();
        String name = "events.out.tfevents.%010d.%s".formatted(clock.instant().getEpochSecond(), host());
        try {
            Files.createDirectories(folder);
            Path file = folder.resolve(name);
            for (int i = 1; Files.exists(file); i++) file = folder.resolve(name + "." + i);
            out = Files.newOutputStream(file);
        } catch (IOException e) {
            throw unwritable(e);
        }
        write(new Message().fixed64(1, seconds()).bytes(3, "brain.Event:2"));
        flush();
    }

    private void scalar(String tag, int step, double value) {
        // Event { wall_time = 1; step = 2; summary = 5 { value = 1 { tag = 1; simple_value = 2 } } }
        Message summary = new Message().bytes(1, new Message().bytes(1, tag).fixed32(2, (float) value));
        write(new Message().fixed64(1, seconds()).varint(2, step).bytes(5, summary));
    }

    /// Says that what was written before of this step and later ones does not count.
    private void restart(int step) {
        // Event { wall_time = 1; step = 2; session_log = 7 { status = 1: START } }
        write(new Message().fixed64(1, seconds()).varint(2, step).bytes(7, new Message().varint(1, 1)));
    }

    private double seconds() {
        return clock.millis() / 1e3;
    }

    private void write(Message event) {
        byte[] data = event.toBytes();
        ByteBuffer record = ByteBuffer.allocate(data.length + RECORD_AROUND).order(ByteOrder.LITTLE_ENDIAN);
        record.putLong(data.length)
                .putInt(maskedCrc(record.array(), 0, Long.BYTES))
                .put(data)
                .putInt(maskedCrc(data, 0, data.length));
        try {
            out.write(record.array());
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private static int maskedCrc(byte[] bytes, int offset, int length) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, offset, length);
        return Integer.rotateRight((int) crc.getValue(), 15) + MASK;
    }

    private static String host() {
        try {
            return InetAddress.getLocalHost().getHostName();
        } catch (UnknownHostException e) {
            return "localhost";
        }
    }

    private void flush() {
        try {
            out.flush();
        } catch (IOException e) {
            throw unwritable(e);
        }
    }

    private TrainingException unwritable(IOException e) {
        return new TrainingException(
                "logging-dir: " + folder + " cannot be written, " + e + "; make room, or name another folder", e);
    }

    @Override
    public void close() {
        try {
            if (out != null) out.close();
        } catch (IOException e) {
            throw unwritable(e);
        }
        out = null;
    }
}
