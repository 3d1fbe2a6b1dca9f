package io.blobstore.bench;

import java.util.List;

/**
 * The result of one client.
 *
 * @param client the name of the client
 * @param title the name to show
 * @param store the store that it is a client of: {@code s3} or {@code gcs}
 * @param failure the reason why it was not measured; empty if it was
 * @param memoryMib the peak of anonymous memory; for clients of a store, over that of the idle process
 * @param fetched bytes that the server counted per byte that was needed
 * @param security the protocol and cipher suite
 */
public record ClientResult(
        String client,
        String title,
        String store,
        String failure,
        List<Measurement> rounds,
        double memoryMib,
        double fetched,
        String security) {
    /** Creates the result of a client that could not be measured. */
    public static ClientResult failure(String client, String title, String store, String reason) {
        return new ClientResult(client, title, store, reason, List.of(), 0, 0, "");
    }

    /** Returns whether this is this library. */
    boolean isSubject() {
        return client.endsWith("BLOBSTORE");
    }

    /** Returns whether this is the hand-written baseline. */
    boolean isBaseline() {
        return client.equals("HAND_ROLLED");
    }

    /** Returns whether the allocated bytes include all threads. */
    public boolean heapIsComplete() {
        return rounds.stream().allMatch(Measurement::heapIsComplete);
    }
}
