package io.blobstore.bench;

import java.util.List;
import java.util.Map;

/**
 * One way to do the work of a row.
 *
 * @param client the name by which {@link Limit}s refer to it
 * @param title the name to show
 */
record Alternative(String client, String title, Work work) {
    /** The name of this library. */
    static final String SUBJECT = "BLOBSTORE";

    /** The name of what this library is compared with first. */
    static final String BASELINE = "HAND_ROLLED";

    /** How the work is done. */
    sealed interface Work {}

    /**
     * By a workload in a JVM of its own.
     *
     * @param options of the JVM, beside those of all
     * @param sampled whether its memory is observed, which takes some CPU time
     */
    record InJvm(Workload workload, List<String> options, boolean sampled) implements Work {}

    /**
     * By shell commands.
     *
     * @param once is run before the first round, and not measured
     * @param before is run before each round, and not measured
     * @param command is measured
     */
    record Commands(String once, String before, String command) implements Work {}

    /**
     * By a server, with a workload as its client: the server's CPU time and memory are measured.
     *
     * @param server starts the server
     * @param sampled whether its memory is observed, which takes some CPU time
     */
    record ByServer(ServerProcess.Starter server, Workload workload, boolean sampled) implements Work {}

    /**
     * By a program that makes a round for each line of its standard input, and answers as {@link WorkloadMain} does.
     *
     * @param environment variables, beside those of this process
     */
    record Program(List<String> command, Map<String, String> environment) implements Work {}

    /** It cannot be measured here. */
    record Missing(String reason) implements Work {}

    static Alternative subject(Workload workload) {
        return inJvm(SUBJECT, workload);
    }

    static Alternative baseline(Workload workload) {
        return inJvm(BASELINE, workload);
    }

    static Alternative inJvm(String client, Workload workload) {
        return new Alternative(client, workload.title(), new InJvm(workload, List.of(), false));
    }

    static Alternative program(String title, String command) {
        return program(title, ":", command);
    }

    static Alternative program(String title, String once, String command) {
        return new Alternative(title, title, new Commands(once, ":", command));
    }
}
