package io.blobstore.spring.boot;

import io.blobstore.transfer.TransferManager;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/**
 * Closes the transfer manager when the application stops: after the web server has completed its requests, and before
 * the stores are closed. Running transfers have a limited time, and are cancelled then.
 */
final class TransferShutdown implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(TransferShutdown.class);

    /** The web server stops in the phases {@code DEFAULT_PHASE - 1024} and {@code - 2048}; lower ones stop later. */
    static final int PHASE = DEFAULT_PHASE - 4096;

    private final TransferManager transfers;
    private final Duration timeout;
    private volatile boolean running;

    TransferShutdown(TransferManager transfers, Duration timeout) {
        this.transfers = transfers;
        this.timeout = timeout;
    }

    @Override
    public void start() {
        running = true;
    }

    @Override
    public void stop() {
        running = false;
        if (!transfers.close(timeout)) {
            LOG.warn(
                    "Transfers that had not ended {} s after the shutdown began were cancelled"
                            + " (blobstore.transfer.shutdown-timeout)",
                    timeout.toSeconds());
        }
    }

    @Override
    public boolean isRunning() {
        return running;
    }

    @Override
    public int getPhase() {
        return PHASE;
    }
}
