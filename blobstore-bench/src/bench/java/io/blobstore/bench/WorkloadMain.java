package io.blobstore.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * A workload in a JVM of its own. Prints {@code #ready}; then answers each line of standard input with a round:
 * {@code #result} and the {@link Measurement}.
 */
final class WorkloadMain {
    private WorkloadMain() {}

    /** Returns the arguments for a workload. */
    static List<String> arguments(Workload workload, Workload.Spec spec) {
        return List.of(
                workload.id(),
                spec.directory().toString(),
                spec.source().toString(),
                Long.toString(spec.size()),
                spec.endpoint());
    }

    /**
     * Runs a workload until standard input ends.
     *
     * @param args what {@link #arguments} returns
     */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // output of libraries is not part of the protocol
        Workload.Spec spec = new Workload.Spec(Path.of(args[1]), Path.of(args[2]), Long.parseLong(args[3]), args[4]);
        try (Workload.Run run = Workload.of(args[0]).open(spec);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println("#ready");
            while (input.readLine() != null) {
                run.prepare();
                out.println("#result " + ProcessMeter.measure(run::round));
            }
        } catch (Exception e) {
            e.printStackTrace();
            out.println("#failed: " + String.valueOf(e).lines().findFirst().orElse(""));
        }
        System.exit(0);
    }
}
