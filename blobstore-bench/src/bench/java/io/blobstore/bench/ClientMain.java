package io.blobstore.bench;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;

/**
 * A client in a JVM of its own, so that CPU time, heap and memory of the process are the client's. Prints
 * {@code #ready}; then each line of standard input is one of
 *
 * <ul>
 *   <li>a number of rounds, which are measured as one: {@code #result} and the {@link Measurement};
 *   <li>a duration and the arguments of another transfer, which is repeated for that time by another client of this
 *       type, to compile the common code: {@code #rehearsed};
 *   <li>{@code rest}: {@code #rested} when the JIT compilers are idle.
 * </ul>
 */
final class ClientMain {
    /** The interval between checks whether the process is idle. */
    private static final Duration CHECK = Duration.ofMillis(250);

    /** The CPU time of an idle process between two checks: one tick of the clock. */
    private static final Duration IDLE_CPU = Duration.ofMillis(10);

    private static final Duration MAX_REST = Duration.ofSeconds(10);

    private ClientMain() {}

    /**
     * Runs a client until standard input ends.
     *
     * @param args the name of a {@link ClientType} and the arguments of a {@link TransferSpec}
     */
    public static void main(String[] args) throws Exception {
        PrintStream out = System.out;
        System.setOut(System.err); // output of libraries is not part of the protocol
        List<String> arguments = Arrays.asList(args);
        ClientType type = ClientType.valueOf(arguments.get(0));
        TransferSpec spec = TransferSpec.ofArguments(arguments.subList(1, arguments.size()));
        try (BenchmarkClient client = type.open(spec);
                BufferedReader input = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            out.println("#ready");
            for (String line = input.readLine(); line != null; line = input.readLine()) {
                out.println(answer(line, type, client));
            }
        } catch (BenchmarkException e) { // its message says everything
            out.println("#" + e.getMessage());
        } catch (Exception e) {
            e.printStackTrace();
            out.println("#failed: " + String.valueOf(e).lines().findFirst().orElse(""));
        }
        System.exit(0); // some clients leave threads running
    }

    private static String answer(String line, ClientType type, BenchmarkClient client) throws Exception {
        List<String> words = Arrays.asList(line.split(" "));
        if (line.equals("rest")) {
            rest();
            return "#rested";
        } else if (words.size() > 1) {
            rehearse(type, Duration.parse(words.get(0)), TransferSpec.ofArguments(words.subList(1, words.size())));
            return "#rehearsed";
        }
        return "#result " + measure(client, Integer.parseInt(line));
    }

    /**
     * Waits until the process is idle, so that methods queued for compilation are not compiled during a measurement. It
     * checks the CPU time, as the compilers' own clock does not advance during a long compilation.
     */
    private static void rest() throws InterruptedException {
        long deadline = System.nanoTime() + MAX_REST.toNanos();
        long before;
        long after = ProcessMeter.cpuNanos();
        do {
            before = after;
            Thread.sleep(CHECK.toMillis());
            after = ProcessMeter.cpuNanos();
        } while (after - before > IDLE_CPU.toNanos() && System.nanoTime() - deadline < 0);
    }

    private static void rehearse(ClientType type, Duration duration, TransferSpec spec) throws Exception {
        long start = System.nanoTime();
        try (BenchmarkClient client = type.open(spec)) {
            while (System.nanoTime() - start < duration.toNanos()) {
                client.round();
            }
        } catch (BenchmarkException e) {
            // the client does not support so little content
        }
    }

    private static String measure(BenchmarkClient client, int rounds) throws Exception {
        return ProcessMeter.measure(() -> {
            for (int i = 0; i < rounds; i++) {
                client.round();
            }
        });
    }
}
