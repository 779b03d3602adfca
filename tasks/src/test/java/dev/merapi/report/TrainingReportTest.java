package dev.merapi.report;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.merapi.data.Example;
import dev.merapi.data.Target;
import dev.merapi.metrics.ConfusionMatrix;
import dev.merapi.metrics.Evaluation;
import dev.merapi.metrics.Metric;
import dev.merapi.nn.pretrained.Json;
import dev.merapi.report.Findings.Picture;
import dev.merapi.report.Findings.Row;
import dev.merapi.train.CsvLog;
import dev.merapi.train.TrainEvent;
import dev.merapi.train.TrainEvent.End;
import dev.merapi.train.TrainEvent.Outcome;
import dev.merapi.train.TrainEvent.Speed;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class TrainingReportTest {
    private static final String HOSTILE =
            "</td></table><script src=\"https://x.example/y.js\">alert('1')</script>&amp;\u0000\ud800\u202e😀";
    private static final List<String> LABELS = List.of("no", "<b>yes</b>");

    private static TrainingReport report(Picture picture) {
        Json.Obj settings = Json.Obj.empty("settings.json")
                .with("problem_type", "single_label_classification")
                .with("start", HOSTILE)
                .with("train", HOSTILE)
                .with("dev", "dev.csv")
                .with("metric_for_best_model", "accuracy")
                .with("labels", Json.Arr.of(LABELS.toArray(String[]::new)))
                .with("learning_rate", 1e-4);
        CsvLog log = new CsvLog(List.of(Metric.LOSS, Metric.ACCURACY));
        for (int step = 1; step <= 4; step++)
            log.on(new TrainEvent.StepEnd(1, step, step == 3 ? Double.NaN : 1.0 / step, 1e-4, 2, 8, 80, 0.1));
        ConfusionMatrix confusion = new ConfusionMatrix(2);
        confusion.update(new int[] {0, 1, 1}, new int[] {0, 1, 0});
        Evaluation evaluation = Evaluation.of(confusion, 0.5, LABELS);
        log.on(new TrainEvent.Evaluated(1, 4, evaluation.metrics(), true, 1));
        Outcome outcome =
                new Outcome(End.COMPLETED, 1, 4, 1, Optional.of(evaluation.metrics()), 0.5, new Speed(1, 32, 320));
        List<Row> rows = List.of(
                new Row(new Example("a", "easy", null, Target.UNKNOWN), "no", "no (0.90)", true, 0.1),
                new Row(new Example(HOSTILE, HOSTILE, HOSTILE, Target.UNKNOWN), HOSTILE, HOSTILE, false, 3.25),
                new Row(new Example("c", "unknown", null, Target.UNKNOWN), "no", "no", true, Double.NaN));
        return new TrainingReport(
                settings,
                log.text(),
                outcome,
                Optional.of(evaluation),
                Optional.of(new Findings(rows, picture)),
                new Environment(Map.of("JDK", HOSTILE)));
    }

    @Test
    void whatDataSayIsTextAndNeverMarkup() {
        String html = report(new Picture.ByThreshold(
                        List.of(HOSTILE), new float[][] {{0.3f}, {0.8f}}, new boolean[][] {{false}, {true}}))
                .html();
        assertEquals(-1, html.indexOf("<script"));
        assertEquals(-1, html.indexOf("<b>yes"));
        assertEquals(-1, html.indexOf('\u0000'));
        assertEquals(
                "&lt;/td&gt;&lt;/table&gt;&lt;script src=&quot;https://x.example/y.js&quot;&gt;alert(&#39;1&#39;)"
                        + "&lt;/script&gt;&amp;amp;\ufffd\ufffd\u202e😀",
                Html.text(HOSTILE));
    }

    @Test
    void thePageNeedsNothingElse() {
        String html = report(new Picture.None()).html();
        Matcher outside = Pattern.compile("(src|href|url|@import)\\s*[=(]").matcher(html.replace("src=&quot;", ""));
        assertEquals(List.of(), outside.results().map(r -> r.group()).toList());
    }

    @Test
    void tagsAreClosedInTheirOrder() {
        for (Picture picture : List.of(
                new Picture.None(),
                new Picture.Errors(new int[] {0, 2, 1}, 4),
                new Picture.Overlaps(new double[] {0, 0.5, 1}))) {
            java.util.ArrayDeque<String> open = new java.util.ArrayDeque<>();
            Matcher tag = Pattern.compile("<(/?)([a-z0-9]+)[^>]*?(/?)>")
                    .matcher(report(picture).html());
            while (tag.find()) {
                if (List.of("meta", "hr").contains(tag.group(2))
                        || !tag.group(3).isEmpty()) continue;
                if (tag.group(1).isEmpty()) open.push(tag.group(2));
                else assertEquals(open.pop(), tag.group(2));
            }
            assertTrue(open.isEmpty(), open::toString);
        }
    }

    @Test
    void theHardestRowsComeFirstAndThoseWithoutALossNotAtAll() {
        Findings findings = report(new Picture.None()).findings().orElseThrow();
        assertEquals(
                List.of(3.25, 0.1), findings.hardest().stream().map(Row::loss).toList());
        List<Row> many = Collections.nCopies(30, findings.rows().getFirst());
        assertEquals(25, new Findings(many, new Picture.None()).hardest().size());
    }

    @Test
    void curvesBreakWhereTheLossIsNoNumber() {
        RunLog log = RunLog.parse(report(new Picture.None()).log());
        assertArrayEquals(new double[] {1, 2, 3, 4}, log.column("step", "step"));
        assertArrayEquals(new double[] {1, 0.5, Double.NaN, 0.25}, log.column("step", "loss"));
        assertArrayEquals(new double[] {2 / 3.0}, log.column("eval", "accuracy"));
        assertArrayEquals(
                new double[] {1, 1.4 / 1.9, 1.4 / 1.9, (0.9 * 1.4 + 0.25) / 2.71},
                Curves.smoothed(log.column("step", "loss")),
                1e-15);
        String faint = report(new Picture.None()).html();
        assertTrue(faint.contains("class=\"faint s1\" d=\"M"), faint);
        assertEquals(2, faint.split("class=\"faint s1\" d=\"")[1].split("\"")[0].split("M").length - 1);
    }

    @Test
    void numbersAreShortAndExactToFourDigits() {
        assertEquals(
                List.of("0", "1", "0.8125", "12.35", "5e-5", "23,400", "NaN", "−∞", "1.235e6", "-0.001"),
                List.of(
                        Html.number(0),
                        Html.number(1),
                        Html.number(0.8125),
                        Html.number(12.3456),
                        Html.number(5e-5),
                        Html.number(23_400),
                        Html.number(Double.NaN),
                        Html.number(Double.NEGATIVE_INFINITY),
                        Html.number(1_234_567),
                        Html.number(-0.001)));
    }

    @Test
    void axesHaveRoundNumbers() {
        assertEquals(
                List.of(0.0, 0.2, 0.4, 0.6000000000000001, 0.8, 1.0),
                Axis.around(List.of(new double[] {0.01, 1, Double.NaN}), 0, 100).ticks());
        assertEquals(
                List.of(),
                Axis.around(List.of(new double[] {3, 3}), 0, 1).ticks().stream()
                        .filter(tick -> tick < 2.7 - 1e-9 || tick > 3.3 + 1e-9)
                        .toList());
        assertEquals(0.5, Axis.around(List.of(new double[] {}), 0, 1).at(0.5));
    }

    @Test
    void oneIsInTheLastTenthOfTheOverlaps() {
        assertArrayEquals(
                new long[] {1, 0, 0, 0, 0, 1, 0, 0, 0, 2},
                Pictures.overlaps(new double[] {0, 0.5, 0.95, 1}).counts());
    }

    @Test
    void longTextsAreCutBetweenCharacters() {
        assertEquals("😀".repeat(700) + "…", Html.excerpt("😀".repeat(701)));
        assertEquals("😀".repeat(700), Html.excerpt("😀".repeat(700)));
    }
}
