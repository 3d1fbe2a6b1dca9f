package io.blobstore.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Those who are compared, each in a process of its own. They are warmed up one after the other, and then take turns,
 * round by round, so that what disturbs one disturbs all. One who fails is out; the others go on.
 */
final class ClientGroup implements AutoCloseable {
    private final BenchmarkEnvironment laboratory;
    private final List<Client> clients = new ArrayList<>();
    private final Map<Competitor, String> absent = new EnumMap<>(Competitor.class);

    ClientGroup(BenchmarkEnvironment laboratory) {
        this.laboratory = laboratory;
    }

    @FunctionalInterface
    private interface Attempt {
        void run() throws IOException, InterruptedException;
    }

    /** What a client does at once in a round. */
    @FunctionalInterface
    interface Round {
        void run(Client client) throws IOException, InterruptedException;
    }

    /** Starts one. */
    void start(Competitor competitor, Scenario scenario, int partSize, int concurrency) {
        if (!competitor.isAvailable()) {
            absent.put(competitor, "not on the class path");
            return;
        }
        attempt(
                competitor,
                () -> clients.add(Client.start(
                        competitor, laboratory.job(competitor, scenario, partSize, concurrency), laboratory)));
    }

    /** Lets all of them do something, one after the other. */
    void each(Round round) {
        for (Client client : List.copyOf(clients)) {
            attempt(client.competitor(), () -> round.run(client));
        }
    }

    /** Lets all of them work until they are warm. */
    void warmUp(WarmUp warmUp) {
        each(client -> {
            if (client.job().scenario().direction.canBeRehearsed()) {
                client.rehearse(laboratory.rehearsal(client.job()), warmUp.rehearsal());
            }
            client.warmUp(warmUp);
        });
    }

    private void attempt(Competitor competitor, Attempt attempt) {
        try {
            attempt.run();
        } catch (BenchmarkException | IOException e) {
            absent.put(competitor, e.getMessage());
            find(competitor).ifPresent(client -> {
                clients.remove(client);
                client.close();
            });
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new BenchmarkException("interrupted");
        }
    }

    /** Those who did not fail so far, in the order in which they were started. */
    List<Client> clients() {
        return Collections.unmodifiableList(clients);
    }

    /** Somebody's client, if he did not fail so far. */
    Optional<Client> find(Competitor competitor) {
        return clients.stream()
                .filter(client -> client.competitor() == competitor)
                .findFirst();
    }

    /** Who is out, and why. */
    Map<Competitor, String> absent() {
        return Collections.unmodifiableMap(absent);
    }

    @Override
    public void close() {
        clients.forEach(Client::close);
    }
}
