package io.blobstore.http;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.Predicate;

/** A script that handles whole requests, or applies faults to some of them. Thread-safe. */
public final class ScriptedService implements ScriptedServer.Script {
    /** Handles requests. Used by the threads of several connections at a time. */
    @FunctionalInterface
    public interface Handler {
        /** Returns the response to a request whose body has arrived. */
        ScriptedResponse handle(ScriptedExchange request, byte[] body) throws IOException;
    }

    private record Rule(Predicate<ScriptedExchange> which, Queue<ScriptedFault> faults) {}

    private final Handler handler;
    private final List<Rule> rules = new ArrayList<>();

    /** Creates a service without faults. */
    public ScriptedService(Handler handler) {
        this.handler = handler;
    }

    /**
     * Adds faults for the next requests of some kind, one each, in this order. Of several such rules for a request, the
     * first that has faults left is applied.
     *
     * @param which selects requests; it is called when the header has arrived, before the body
     */
    public synchronized void fault(Predicate<ScriptedExchange> which, ScriptedFault... faults) {
        rules.add(new Rule(which, new ArrayDeque<>(List.of(faults))));
    }

    /** Returns the number of faults that have not been applied yet. */
    public synchronized int faultsLeft() {
        return rules.stream().mapToInt(rule -> rule.faults().size()).sum();
    }

    private synchronized ScriptedFault next(ScriptedExchange request) {
        for (Rule rule : rules) {
            if (!rule.faults().isEmpty() && rule.which().test(request)) {
                return rule.faults().remove();
            }
        }
        return ScriptedFault.none();
    }

    @Override
    public void run(ScriptedExchange exchange) throws IOException, InterruptedException {
        next(exchange).apply(exchange, handler);
    }
}
