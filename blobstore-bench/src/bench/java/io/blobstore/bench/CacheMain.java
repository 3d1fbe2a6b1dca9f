package io.blobstore.bench;

import io.blobstore.bench.CacheWorkload.CacheSpec;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/**
 * A workload of the cache in a JVM of its own. Prints {@code #ready}; then answers each line of standard input with a
 * round: {@code #result} and the {@link Measurement}.
 */
final class CacheMain {
    private CacheMain() {}

    /**
     * Runs a workload until standard input ends.
     *
     * @param args the name of a {@link CacheWorkload}, and the components of its {@link CacheSpec}
     */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // output of libraries is not part of the protocol
        CacheSpec spec = new CacheSpec(Path.of(args[1]), Path.of(args[2]), Long.parseLong(args[3]), args[4]);
        try (CacheWorkload.Run run = CacheWorkload.valueOf(args[0]).open(spec);
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
