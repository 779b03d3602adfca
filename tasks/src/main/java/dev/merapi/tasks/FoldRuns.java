package dev.merapi.tasks;

import dev.merapi.data.Dataset;
import dev.merapi.data.StratifiedFolds;
import dev.merapi.nn.pretrained.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;

/// Trains a model a fold, each in its own folder `fold-<k>`, and collects what they say.
///
/// @param outOfFold of each training example what the model says that did not learn from it, [rows][…]
/// @param test of each test example the mean of what all models say, [rows][…]; null without test data
record FoldRuns(float[][] outOfFold, float[][] test) {

    /// A trained model, as what it says of data.
    @FunctionalInterface
    interface Outputs extends Function<Dataset, float[][]> {}

    /// How a fold becomes a model: trained, or loaded from the folder of a fold that was trained before.
    interface Task {
        Outputs train(FineTuning fold);

        Outputs saved(Path folder);
    }

    /// @param many whose `train` is divided; with `resume`, folds that are done are not trained again
    /// @param test null for none
    static FoldRuns train(FineTuning many, StratifiedFolds folds, Dataset test, Task task) {
        FineTuning run = many.inMemory();
        float[][] outOfFold = new float[run.train().size()][];
        float[][] sum = null;
        for (int k = 0; k < folds.folds(); k++) {
            Dataset held = run.train().rows(run.train().source() + " fold " + k, folds.test(k));
            Path folder = run.outputDir().resolve("fold-" + k);
            Outputs model =
                    run.resume() && isDone(folder) ? task.saved(folder) : task.train(fold(run, folds, k, held, folder));
            if (run.stop().requested()) return null;
            float[][] said = model.apply(held);
            for (int i = 0; i < said.length; i++) outOfFold[folds.test(k)[i]] = said[i];
            if (test != null) sum = plus(sum, model.apply(test));
        }
        if (sum != null) for (float[] row : sum) for (int i = 0; i < row.length; i++) row[i] /= folds.folds();
        return new FoldRuns(outOfFold, sum);
    }

    private static FineTuning fold(FineTuning run, StratifiedFolds folds, int k, Dataset held, Path folder) {
        Dataset rest = run.train().rows(run.train().source() + " without fold " + k, folds.train(k));
        boolean resume =
                run.resume() && Files.isDirectory(RunFolder.beside(folder).path());
        return run.fold(rest, held, folder, resume);
    }

    private static boolean isDone(Path folder) {
        Path metrics = folder.resolve(OutputFolder.METRICS);
        if (!Files.isRegularFile(metrics)) return false;
        String end = Json.read(metrics).string("end", "");
        return end.equals("completed") || end.equals("no_improvement");
    }

    private static float[][] plus(float[][] sum, float[][] more) {
        if (sum == null) return more;
        for (int i = 0; i < sum.length; i++) for (int j = 0; j < sum[i].length; j++) sum[i][j] += more[i][j];
        return sum;
    }
}
