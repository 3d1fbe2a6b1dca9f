package io.blobstore.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.blobstore.contract.LeakCheck;
import io.blobstore.http.TransportException.Kind;
import io.blobstore.memory.MappedFile;
import java.nio.channels.ClosedByInterruptException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Tests calls by more virtual threads than there are processors: all make progress and can be ended. */
@Tag("jdk")
@ExtendWith(LeakCheck.class)
@EnabledForJreRange(min = JRE.JAVA_21)
class VirtualThreadTest {
    private static final int CALLS = 24;
    private static final long PATIENCE_SECONDS = 20;

    /** Calls {@code Thread.startVirtualThread}, which the oldest supported JDK does not have. */
    private static <T> Started<T> start(Callable<T> call) throws ReflectiveOperationException {
        FutureTask<T> task = new FutureTask<>(call);
        Thread thread = (Thread)
                Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, task);
        return new Started<>(task, thread);
    }

    private record Started<T>(FutureTask<T> task, Thread thread) {
        T result() throws Exception {
            return task.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        }
    }

    @ParameterizedTest
    @EnumSource
    void allGetTheirResponsesAlthoughNoneIsSentBeforeAllRequestsArrived(TestNetChannel channel) throws Exception {
        CountDownLatch received = new CountDownLatch(CALLS);
        try (ScriptedServer server = channel.server(exchange -> {
                    exchange.discardBody();
                    received.countDown();
                    received.await();
                    exchange.respond(200, "ok");
                });
                HttpClient client = channel.client().build()) {
            List<Started<Integer>> calls = new ArrayList<>();
            for (int i = 0; i < CALLS; i++) {
                calls.add(start(() -> Calls.execute(client, Calls.put(server, Calls.content(300_000)))
                        .status()));
            }
            for (Started<Integer> call : calls) {
                assertThat(call.result()).isEqualTo(200);
            }
            client.close();
            server.awaitOpen(0);
        }
    }

    @ParameterizedTest
    @EnumSource
    void memoryIsFreeWhenACallWasCancelledOrInterrupted(TestNetChannel channel, @TempDir Path directory)
            throws Exception {
        Path content = Files.write(directory.resolve("blob"), Calls.content(16 << 20));
        for (boolean interrupt : new boolean[] {true, false}) {
            try (ScriptedServer server = channel.server(ScriptedExchange::awaitClientGone);
                    HttpClient client = channel.client().build();
                    MappedFile file = MappedFile.open(content)) {
                HttpCall call = client.newCall(Calls.put(server, file.region()));
                Started<HttpResponse> started = start(() -> call.execute(ResponseHandler.KEEP));
                server.awaitRequest(1);
                if (interrupt) {
                    started.thread().interrupt();
                } else {
                    call.cancel();
                }
                assertThatThrownBy(started::result)
                        .isInstanceOf(ExecutionException.class)
                        .cause()
                        .satisfies(problem -> {
                            if (interrupt) {
                                assertThat(problem).isInstanceOf(ClosedByInterruptException.class);
                            } else {
                                assertThat(((TransportException) problem).kind())
                                        .isEqualTo(Kind.CANCELLED);
                            }
                        });
                file.close();
                assertThat(file.isReleased()).isTrue();
                server.awaitOpen(0);
            }
        }
    }
}
