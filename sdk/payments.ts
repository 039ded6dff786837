/** Payments, payment plans, payouts and refunds, and what of them needs a person. */
import { type Api, answer, type Keyed, keyHeader } from './answer.ts'
import type { components } from './openapi.ts'

type Parts = components['schemas']
export type Payment = Parts['Payment']
export type NewPayment = Parts['NewPayment']
export type NewAttempt = Parts['NewAttempt']
export type PaymentPlan = Parts['PaymentPlan']
export type NewPaymentPlan = Parts['NewPaymentPlan']
export type PaymentPlanLegChange = Parts['PaymentPlanLegChange']
export type Payout = Parts['Payout']
export type NewPayout = Parts['NewPayout']
export type Refund = Parts['Refund']
export type NewRefund = Parts['NewRefund']
export type Exception = Parts['Exception']
export type ByPerson = Parts['ByPerson']
export type Resolution = Parts['Resolution']

export function payments(api: Api) {
  return {
    /** Opens a payment and sends its first attempt. */
    create: (body: NewPayment, { key }: Keyed = {}): Promise<Payment> =>
      answer(api.POST('/v1/payments', { body, params: { header: keyHeader(key) } })),
    get: (id: string): Promise<Payment> =>
      answer(api.GET('/v1/payments/{id}', { params: { path: { id } } })),
    /** Tries again, by the same or another way, once the attempt before has ended. */
    attempt: (id: string, body: NewAttempt, { key }: Keyed = {}): Promise<Payment> =>
      answer(
        api.POST('/v1/payments/{id}/attempts', {
          body,
          params: { path: { id }, header: keyHeader(key) },
        }),
      ),
    close: (id: string): Promise<Payment> =>
      answer(api.POST('/v1/payments/{id}/close', { params: { path: { id } } })),
  }
}

export function plans(api: Api) {
  return {
    create: (body: NewPaymentPlan, { key }: Keyed = {}): Promise<PaymentPlan> =>
      answer(api.POST('/v1/payment-plans', { body, params: { header: keyHeader(key) } })),
    get: (id: string): Promise<PaymentPlan> =>
      answer(api.GET('/v1/payment-plans/{id}', { params: { path: { id } } })),
    changeLeg: (id: string, number: number, body: PaymentPlanLegChange): Promise<PaymentPlan> =>
      answer(
        api.POST('/v1/payment-plans/{id}/legs/{number}', {
          body,
          params: { path: { id, number: String(number) } },
        }),
      ),
    close: (id: string): Promise<PaymentPlan> =>
      answer(api.POST('/v1/payment-plans/{id}/close', { params: { path: { id } } })),
  }
}

export function payouts(api: Api) {
  return {
    create: (body: NewPayout, { key }: Keyed = {}): Promise<Payout> =>
      answer(api.POST('/v1/payouts', { body, params: { header: keyHeader(key) } })),
    get: (id: string): Promise<Payout> =>
      answer(api.GET('/v1/payouts/{id}', { params: { path: { id } } })),
    cancel: (id: string, body: ByPerson): Promise<Payout> =>
      answer(api.POST('/v1/payouts/{id}/cancellation', { body, params: { path: { id } } })),
  }
}

export function refunds(api: Api) {
  return {
    create: (body: NewRefund, { key }: Keyed = {}): Promise<Refund> =>
      answer(api.POST('/v1/refunds', { body, params: { header: keyHeader(key) } })),
    get: (id: string): Promise<Refund> =>
      answer(api.GET('/v1/refunds/{id}', { params: { path: { id } } })),
  }
}

export function exceptions(api: Api) {
  return {
    resolve: (id: string, body: Resolution): Promise<Exception> =>
      answer(api.POST('/v1/exceptions/{id}/resolution', { body, params: { path: { id } } })),
  }
}
