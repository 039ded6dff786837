// Generated from the event types of webhooks by `npm run golden`. Do not edit; change a type instead.

export type paths = Record<string, never>;
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /** @description A case was completed */
        "custody.case_completed": {
            case: string;
        };
        /** @description A case was opened */
        "custody.case_opened": {
            case: string;
        };
        /** @description A case was returned */
        "custody.case_returned": {
            case: string;
        };
        /** @description A milestone lapsed */
        "custody.milestone_lapsed": {
            case: string;
            milestone: string;
        };
        /** @description A milestone was reached */
        "custody.milestone_reached": {
            case: string;
            milestone: string;
        };
        /** @description A payment was paid */
        "payment.succeeded": {
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payment: string;
        };
        /** @description A payout was canceled */
        "payout.canceled": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A payout failed */
        "payout.failed": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A payout is on its way */
        "payout.processing": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A payout came back */
        "payout.returned": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A payout was paid */
        "payout.succeeded": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A payout waits for approval */
        "payout.waiting_for_approval": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A payout waits for cash */
        "payout.waiting_for_cash": {
            about: string | null;
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            payout: string;
            purpose: string;
        };
        /** @description A refund was made */
        "refund.created": {
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            reason: string;
            refund: string;
        };
        /** @description A part of a refund was given up */
        "refund.part_given_up": {
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            part: string;
        };
        /** @description A part of a refund was paid */
        "refund.part_succeeded": {
            amount: {
                /** @description Minor units as digits: "680000000" is ¥6,800,000.00 */
                amount: string;
                /** @description ISO 4217 code */
                currency: string;
            };
            part: string;
        };
        /** @description A webhook endpoint was disabled */
        "webhook_endpoint.disabled": {
            because: string;
            endpoint: string;
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
