package dev.merapi.report;

import dev.merapi.metrics.Evaluation;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.train.TrainEvent.Outcome;
import java.util.Map;
import java.util.Optional;

/// `report.html` of one run: a page that needs nothing else, no network and no script, light or dark as the
/// reader's system is.
///
/// @param settings what was run, as in `settings.json`
/// @param log the run's log as CSV
/// @param outcome what it came to
/// @param evaluation of the kept model; empty where nothing was evaluated
/// @param findings row by row, of the same evaluation; empty likewise
/// @param environment what it ran on
public record TrainingReport(
        Json.Obj settings,
        String log,
        Outcome outcome,
        Optional<Evaluation> evaluation,
        Optional<Findings> findings,
        Environment environment) {

    public String html() {
        Sections page = new Sections(settings);
        page.begin("training report", header());
        tiles(page);
        page.html("<h2>Curves</h2><div class=\"grid2\">\n");
        for (LineChart chart : new Curves(RunLog.parse(log)).charts()) page.html(chart.svg());
        page.html("</div>\n");
        evaluation.ifPresent(found -> page.evaluation("The kept model on the development data", found, findings));
        findings.ifPresent(found -> page.hardest(found, "development data"));
        return page.end(environment, "log.csv, metrics.json and settings.json beside this page hold its numbers.");
    }

    private String header() {
        String end = switch (outcome.end()) {
            case COMPLETED -> "Completed";
            case NO_IMPROVEMENT -> "Ended early, no better evaluation for a while";
            case STOPPED -> "Interrupted";
            case TIME_OVER -> "Ended, the time was over";
        };
        return Html.format(
                "%s after %,d steps; %s. From <b>%s</b>, trained on <b>%s</b>, evaluated on <b>%s</b>.",
                end,
                outcome.steps(),
                outcome.bestEpoch() > 0
                        ? "the model is that of epoch " + outcome.bestEpoch()
                        : "the model is that of the last step",
                Html.text(settings.string("start")),
                Html.text(settings.string("train")),
                Html.text(settings.string("dev")));
    }

    private void tiles(Sections page) {
        page.html("<div class=\"tiles\">");
        String best = page.best();
        evaluation.ifPresent(found -> {
            Map<String, Double> metrics = found.metrics().values();
            if (metrics.containsKey(best)) tile(page, "tile first", best + ", decides", metrics.get(best));
            metrics.forEach((name, value) -> {
                if (!name.equals(best)) tile(page, "tile", name, value);
            });
        });
        tile(page, "tile", "training loss, last epoch", outcome.loss());
        tile(page, "tile", "rows/s in training", outcome.speed().rowsPerSecond());
        tile(page, "tile", "tokens/s in training", outcome.speed().tokensPerSecond());
        tile(page, "tile", "seconds of training", outcome.speed().seconds());
        page.html("</div>\n");
    }

    private static void tile(Sections page, String kind, String name, double value) {
        page.tile(kind, name, Html.number(value));
    }
}
